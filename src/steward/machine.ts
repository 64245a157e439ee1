/**
 * What a changed configuration makes of the machine: bootstrap as `con bootstrap` does it, the end of an agent,
 * packages. Never: names of a request in a shell; packages that no person allowed.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Failure } from "../host/apply.ts";
import { bootstrap, type Report } from "../host/bootstrap.ts";
import { readRegistry } from "../host/machine.ts";
import { configuration } from "../host/paths.ts";
import { nameOfFact } from "../host/report.ts";
import { archiveAgent, forgetTimer, type KeptText, removeUser } from "../host/retire.ts";
import { snapshotIfAny } from "../host/snapshot.ts";
import { errnoOf } from "../system/disk.ts";
import { exec } from "../system/exec.ts";
import { problemInWords } from "./quote.ts";
import { killStrays } from "./strays.ts";
import type { Applied, Installed } from "./world.ts";

export async function applyConfiguration(agent: string): Promise<Applied> {
  // Outside a container packet rules are ours only if a person said so, and then they are promised.
  const allowHost = snapshotIfAny()?.facts.some(({ kind }) => kind === "rules") ?? false;
  const report = await bootstrap({ dryRun: false, prune: [agent], allowHost });
  return { changes: changesOf(report, agent), trouble: troubleOf(report, agent) };
}

const changesOf = ({ changes, strays }: Report, agent: string): string[] => {
  const count = changes.length + strays.length;
  return [`${count} ${count === 1 ? "thing" : "things"} of the machine followed`].concat(
    changes.flatMap(({ fact }) =>
      fact.kind === "user" && fact.name === `a-${agent}`
        ? [`user ${nameOfFact(fact)}, uid ${fact.id}`]
        : [],
    ),
  );
};

/** Also of the system itself: an agent whose packet rules were refused must not run. */
function troubleOf({ applied, problems, failures }: Report, agent: string): string | null {
  const isMeant = (one: string | null): boolean => one === agent || one === null;
  const problem = problems.find((one) => isMeant(one.agent));
  if (problem !== undefined) return problemInWords(problem);
  const failure = failures.find((one) => isMeant(one.agent));
  if (failure !== undefined) return `${failure.what}: ${failure.why}`;
  return applied ? null : "con.yaml has to be corrected first: see con bootstrap --dry-run";
}

export async function removeAgent(
  agent: string,
  archive: string,
  texts: readonly KeptText[],
): Promise<Failure[]> {
  const uid = readRegistry()[agent];
  if (uid !== undefined) killStrays(uid);
  await forgetTimer(agent);
  archiveAgent(agent, archive, texts);
  return removeUser(agent);
}

const packageName = /^[a-z0-9][a-z0-9+.-]+$/;
const installTimeoutMs = 15 * 60_000;

/**
 * In a unit of its own: apt-get runs maintainer scripts, which need more than the steward's box gives, and
 * this program waits for it.
 */
export async function installPackages(packages: readonly string[]): Promise<Installed> {
  const list = allowList();
  const allowed = packages.filter((name) => packageName.test(name) && list.has(name));
  if (allowed.length < packages.length) return { allowed, changes: [], trouble: null };
  const result = await exec(
    [
      ...["systemd-run", "--wait", "--collect", "--quiet", "--pipe", "--service-type=exec"],
      "--property=RuntimeMaxSec=14min",
      "--setenv=DEBIAN_FRONTEND=noninteractive",
      ...["apt-get", "install", "--yes", "--no-remove", "--no-install-recommends", "--"],
      ...allowed,
    ] as [string, ...string[]],
    { timeoutMs: installTimeoutMs },
  );
  const said = (text: string): string => text.trim().split("\n").at(-1) ?? "";
  if (result.code === 0)
    return { allowed, changes: allowed.map((name) => `${name} is installed`), trouble: null };
  const why = said(result.stderr) || said(result.stdout) || `it ended with ${result.code}`;
  return { allowed, changes: [], trouble: `apt-get install ${allowed.join(" ")}: ${why}` };
}

/** One name a line; `#` begins a comment. No file is an empty list. */
function allowList(): Set<string> {
  try {
    const text = readFileSync(join(configuration, "packages.allow"), "utf8");
    return new Set(
      text
        .split("\n")
        .map((line) => line.replace(/#.*/, "").trim())
        .filter(Boolean),
    );
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return new Set();
    throw error;
  }
}
