/**
 * Starts a program as an agent, in a unit made of the very files of its con@NAME.service, drop-ins included;
 * only what is started is another. The copy is an instance of a template of its own, so that `%i` means the same.
 *
 * The copy has one capability more than any agent, a harmless one: by ptrace(2) a process may be traced only by
 * one whose capabilities include its own, so a runner that was taken over cannot reach into the canary, from its
 * first instruction on.
 *
 * Two files are made and removed, also after a failure. After a crash they stay: the unit is wanted by nothing
 * and the next run writes over it.
 */
import fs from "node:fs";
import { join } from "node:path";
import { readPlain } from "./look.ts";
import type { Places } from "./places.ts";
import { parseProperties } from "./systemd.ts";

const startMs = 40_000;
const mostBytes = 256 << 10;

export type Ran =
  | { readonly kind: "printed"; readonly text: string }
  | { readonly kind: "failed"; readonly why: string }
  /** What systemd has in memory is not what lies on disk. */
  | { readonly kind: "outdated" };

/** Runs `argv` with `input` as standard input; what it printed, if it ended well. */
export async function runAsAgent(
  { exec, canary }: Places,
  agent: string,
  input: string,
): Promise<Ran> {
  const service = `con@${agent}.service`;
  const shown = await exec([
    "systemctl",
    "show",
    "--property=Id,LoadState,NeedDaemonReload",
    "--",
    service,
  ]);
  const state = parseProperties(shown.stdout).get(service);
  if (state?.["LoadState"] !== "loaded") return { kind: "failed", why: `${service} is not there` };
  if (state["NeedDaemonReload"] === "yes") return { kind: "outdated" };
  const files = await exec(["systemctl", "cat", "--no-pager", "--", service]);
  if (files.code !== 0) return { kind: "failed", why: `${service} cannot be read` };
  const unit = `con-canary@${agent}.service`;
  const unitFile = join(canary.units, unit);
  const answer = join(canary.scratch, `${agent}.json`);
  try {
    fs.mkdirSync(canary.scratch, { recursive: true, mode: 0o700 });
    fs.writeFileSync(unitFile, unitText(files.stdout, agent, canary.argv, input, answer), {
      mode: 0o644,
    });
    const started = await exec(["systemctl", "start", "--", unit], { timeoutMs: startMs });
    if (started.timedOut) await exec(["systemctl", "kill", "--signal=KILL", "--", unit]);
    if (started.code !== 0)
      return { kind: "failed", why: `it did not end well; journalctl -u ${unit} says why` };
    const text = readPlain(answer, mostBytes);
    return text === null
      ? { kind: "failed", why: "it left no answer" }
      : { kind: "printed", text: text.toString("utf8") };
  } finally {
    fs.rmSync(unitFile, { force: true });
    fs.rmSync(answer, { force: true });
  }
}

/** The copy: all [Service] lines in their order, then what makes it start something else, once. */
export function unitText(
  files: string,
  agent: string,
  argv: readonly string[],
  input: string,
  answer: string,
): string {
  return `${[
    "[Unit]",
    `Description=Escape attempt as con agent ${agent}`,
    "CollectMode=inactive-or-failed",
    "StartLimitIntervalSec=0",
    "[Service]",
    ...serviceLines(files),
    ...commands.map((name) => `${name}=`),
    `CapabilityBoundingSet=${guardCapability}`,
    `AmbientCapabilities=${guardCapability}`,
    `ExecStart=${argv.map(quoted).join(" ")}`,
    "Type=oneshot",
    "RemainAfterExit=no",
    "Restart=no",
    "SuccessExitStatus=",
    "TimeoutStartSec=30s",
    "TimeoutStopSec=2s",
    "StandardInput=data",
    "StandardInputText=",
    `StandardInputData=${Buffer.from(input).toString("base64")}`,
    `StandardOutput=truncate:${answer.replaceAll("%", "%%")}`,
    "StandardError=journal",
  ].join("\n")}\n`;
}

/** To listen on ports below 1024; in the bounding set of every container engine. */
const guardCapability = "CAP_NET_BIND_SERVICE";

const commands = [
  "ExecCondition",
  "ExecStartPre",
  "ExecStart",
  "ExecStartPost",
  "ExecReload",
  "ExecStop",
  "ExecStopPost",
];

const quoted = (word: string): string =>
  `"${word.replace(/[\\"]/g, "\\$&").replaceAll("%", "%%").replaceAll("$", "$$$$")}"`;

/** Lines of all [Service] sections of what `systemctl cat` prints; a line that goes on stays with its start. */
export function serviceLines(text: string): string[] {
  let inside = false;
  let goesOn = false;
  return text.split("\n").filter((line) => {
    const isHead = !goesOn && /^\s*\[/.test(line);
    // A comment within a line that goes on ends nothing (systemd.syntax(7)).
    if (!/^\s*[#;]/.test(line)) goesOn = line.endsWith("\\");
    if (isHead) inside = line.trim() === "[Service]";
    return inside && !isHead && line.trim() !== "";
  });
}

/** The directory of answers goes when nobody uses it. */
export function removeScratch({ canary }: Places): void {
  try {
    fs.rmdirSync(canary.scratch);
  } catch (error) {
    const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : null;
    if (code !== "ENOENT" && code !== "ENOTEMPTY") throw error;
  }
}
