/**
 * `git_remotes {allow}`: repositories in the workspaces push and fetch only where allowed. `allow` lists hosts
 * (`github.com`, `host:port`) and prefixes of URLs (`https://github.com/our-team/`).
 *
 * It reads the configuration files and runs no git. It is a look at habits and no wall: what an agent can
 * reach at all is decided by the packet rules. Includes are not followed, and are reported.
 */
import { dirname } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { agentPaths } from "../../../spool/layout.ts";
import type { BuiltinCheck, HealthRuntime } from "../../types.ts";
import { findFiles } from "./find-files.ts";
import { isAllowed, readRemotes } from "./git-config.ts";
import { lookInto } from "./look.ts";
import type { Places } from "./places.ts";
import { judge, listIn, named, type Trouble } from "./verdicts.ts";

const configBytes = 64 << 10;
/** Of one agent, in one evaluation. */
const mostRepositories = 200;
/** `.git/config` and bare repositories, four levels down. */
const tests = ["-maxdepth", "5", "-type", "f", "-path", "*.git/config"] as const;

export const gitRemotes =
  (places: Places): BuiltinCheck =>
  async (args, { health, signal }) => {
    const allow = listIn(args, "allow");
    const searches = health.agents.map(({ name }) => ({
      root: agentPaths(health.root, name).workspace,
      tests,
    }));
    const found = await findFiles(places, searches, searches);
    const troubles: Trouble[] = [];
    let repositories = 0;
    for (const [n, { name }] of health.agents.entries()) {
      const { paths = [], gap = "is not looked through" } = found[n] ?? {};
      repositories += paths.length;
      for (const file of paths.slice(0, mostRepositories)) {
        if (signal.aborted) break;
        troubles.push(...wrongIn(name, file, allow));
        await turn();
      }
      if (gap !== null) troubles.push(unseen(health, name, gap));
      if (paths.length > mostRepositories)
        troubles.push(unseen(health, name, `has more than ${mostRepositories} repositories`));
    }
    return judge(troubles, `${repositories} repositories, none with another remote than allowed`);
  };

const unseen = ({ root }: HealthRuntime, agent: string, why: string): Trouble => ({
  found: `${agent}: its workspace ${why}: not all were looked at`,
  key: `unseen:${agent}:${why}`,
  agent,
  remedy: `find ${agentPaths(root, agent).workspace} -maxdepth 5 -name config -path '*.git/config' | wc -l`,
});

function wrongIn(agent: string, file: string, allow: readonly string[]): Trouble[] {
  const looked = lookInto(dirname(file), (look) =>
    look.read({ text: "config", bytes: Buffer.from("config") }, configBytes),
  );
  const repository = named(dirname(file));
  const wrong = (what: string): Trouble => ({
    found: `${agent}: ${repository} ${what}`,
    key: `remote:${agent}:${repository}`,
    agent,
    remedy: `con agent pause ${agent}; look at the configuration that is named, as root with cat -v`,
  });
  if (looked.kind === "odd") return [wrong(looked.why)];
  if (looked.kind !== "seen" || looked.value === null) return [];
  const { urls, includes } = readRemotes(looked.value.toString("utf8"));
  const others = urls.filter((url) => url !== "" && !isAllowed(url, allow));
  return [
    ...(others.length === 0 ? [] : [wrong(`has ${others.length} remotes that are not allowed`)]),
    ...(includes ? [wrong("includes another configuration file, which is not followed")] : []),
  ];
}
