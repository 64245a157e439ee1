/** Instructions and skills of all agents, and of the temporary ones that may come. Pure but for the problems it adds. */
import { childPrefix } from "../config/agent.ts";
import type { Config, Problem } from "../config/types.ts";
import { type Assembled, assemble, type Layered, type Tree } from "./instructions.ts";
import { configuration } from "./paths.ts";

export interface AllAssembled {
  readonly agents: ReadonlyMap<string, Assembled>;
  /** By role: nobody has written anything about a temporary agent itself. */
  readonly roles: ReadonlyMap<string, Assembled>;
}

export function assembleAll(config: Config, tree: Tree, problems: Problem[]): AllAssembled {
  const seen = new Set<string>();
  const one = (agent: Layered): Assembled => {
    const { result, problems: found } = assemble(agent, tree);
    for (const problem of found) {
      const key = `${problem.file}:${problem.line}:${problem.why}`;
      if (!seen.has(key)) problems.push({ ...problem, file: `${configuration}/${problem.file}` });
      seen.add(key);
    }
    return result;
  };
  const ofRole = (role: string): Layered => ({
    name: childPrefix,
    tier: "worker",
    roles: [role],
    instructions: "",
  });
  return {
    agents: new Map(config.agents.map((agent) => [agent.name, one(agent)])),
    roles: new Map(Object.keys(config.roles).map((role) => [role, one(ofRole(role))])),
  };
}
