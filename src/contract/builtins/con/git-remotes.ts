/**
 * `git_remotes {allow}`: repositories in the workspaces push and fetch only where allowed. `allow` lists hosts
 * (`github.com`, `host:port`) and prefixes of URLs (`https://github.com/our-team/`).
 *
 * It reads the configuration files and runs no git. It is a look at habits and no wall: what an agent can
 * reach at all is decided by the packet rules. Includes are not followed, and are reported.
 */
import { dirname } from "node:path";
import { agentPaths } from "../../../spool/layout.ts";
import type { BuiltinCheck } from "../../types.ts";
import { findFiles } from "./find-files.ts";
import { isAllowed, readRemotes } from "./git-config.ts";
import { lookInto } from "./look.ts";
import type { Places } from "./places.ts";
import { judge, listIn, shown, type Trouble, unable } from "./verdicts.ts";

const configBytes = 64 << 10;
/** `.git/config` and bare repositories, four levels down. */
const tests = ["-maxdepth", "5", "-type", "f", "-path", "*.git/config"] as const;

export const gitRemotes =
  (places: Places): BuiltinCheck =>
  async (args, { health }) => {
    const allow = listIn(args, "allow");
    const workspaces = health.agents.map(({ name }) => ({
      name,
      path: agentPaths(health.root, name).workspace,
    }));
    const files = await findFiles(
      places,
      workspaces.map(({ path }) => path),
      tests,
    );
    if (typeof files === "string") return unable(`the workspaces: ${files}`);
    const troubles = workspaces.flatMap(({ name, path }) =>
      files
        .filter((file) => file.startsWith(`${path}/`))
        .flatMap((file) => wrongIn(name, file, allow)),
    );
    return judge(troubles, `${files.length} repositories, none with another remote than allowed`);
  };

function wrongIn(agent: string, file: string, allow: readonly string[]): Trouble[] {
  const looked = lookInto(dirname(file), (look) =>
    look.read({ text: "config", bytes: Buffer.from("config") }, configBytes),
  );
  if (looked.kind !== "seen" || looked.value === null) return [];
  const repository = shown(dirname(file));
  const { urls, includes } = readRemotes(looked.value.toString("utf8"));
  const wrong = (what: string): Trouble => ({
    found: `${agent}: ${repository} ${what}`,
    key: `remote:${agent}:${repository}`,
    agent,
    remedy: `git -C ${repository} remote -v, as a-${agent}; remove what should not be there`,
  });
  const others = urls.filter((url) => url !== "" && !isAllowed(url, allow));
  return [
    ...(others.length === 0 ? [] : [wrong(`has ${others.length} remotes that are not allowed`)]),
    ...(includes ? [wrong("includes another configuration file, which is not followed")] : []),
  ];
}
