/** Instructions and skills of all agents, and of the temporary ones that may come. Pure. */
import { join } from "node:path";
import { childPrefix } from "../config/agent.ts";
import type { Config, Problem } from "../config/types.ts";
import type { Finding } from "./finding.ts";
import { type Assembled, assemble, type Layered } from "./instructions.ts";
import { type Library, lackingTools, type Tree } from "./skills.ts";

export interface AllAssembled {
  readonly agents: ReadonlyMap<string, Assembled>;
  /** By role: nobody has written anything about a temporary agent itself. */
  readonly roles: ReadonlyMap<string, Assembled>;
  /** Files are absolute. Each once. */
  readonly problems: readonly Problem[];
  readonly findings: readonly Finding[];
}

/** `directory` is where `tree` was read, for the people who are told of it. */
export function assembleAll(
  config: Config,
  library: Library,
  { tree, directory }: { readonly tree: Tree; readonly directory: string },
): AllAssembled {
  const problems = new Map<string, Problem>();
  const findings = [...library.findings, ...ownerless(config, tree)];
  const tell = (found: readonly Problem[]): void => {
    for (const problem of found) {
      const file = problem.file.startsWith("/") ? problem.file : join(directory, problem.file);
      problems.set(`${file}:${problem.line}:${problem.why}`, { ...problem, file });
    }
  };
  const one = (agent: Layered): Assembled => {
    const { result, problems: found, findings: more } = assemble(agent, tree, library);
    tell(found);
    findings.push(...more);
    return result;
  };
  tell(library.problems);
  const agents = new Map(config.agents.map((agent) => [agent.name, one(agent)]));
  for (const agent of config.agents)
    findings.push(...lackingTools(agent, agents.get(agent.name)?.skills ?? []));
  const roles = new Map(Object.keys(config.roles).map((role) => [role, one(ofRole(role))]));
  return { agents, roles, problems: [...problems.values()], findings };
}

const ofRole = (role: string): Layered => ({
  ...{ name: childPrefix, tier: "worker", roles: [role], instructions: "" },
});

/** Folders of skills for agents that are not there. */
function ownerless({ agents, excluded }: Config, tree: Tree): Finding[] {
  const known = new Set([...agents.map(({ name }) => name), ...excluded]);
  const named = [...tree.keys()].flatMap(
    (path) => /^agents\.d\/([^/]+)\.skills\//.exec(path)?.[1] ?? [],
  );
  return [...new Set(named)]
    .filter((name) => !known.has(name))
    .sort()
    .map((name) => ({
      what: `agents.d/${name}.skills`,
      why: `there is no agent ${name}`,
      remedy: "remove the folder, or rename it",
    }));
}
