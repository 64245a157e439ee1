/**
 * One agent's AGENTS.md from its layers, and the skills it gets. Pure.
 *
 * Layers, in this order: AGENTS.md, tiers/TIER.md, roles/ROLE/AGENTS.md of each role, agents.d/NAME.md, the
 * manifest's `instructions`. Which skills it gets: skills.ts.
 */
import type { Agent, Problem } from "../config/types.ts";
import type { Finding } from "./finding.ts";
import { givenTo, type Library, type SkillFolder, type Tree } from "./skills.ts";

export interface Assembled {
  readonly text: string;
  readonly skills: readonly SkillFolder[];
}

export type Layered = Pick<Agent, "name" | "tier" | "roles" | "instructions" | "skills">;

export function assemble(
  agent: Layered,
  tree: Tree,
  library: Library,
): { result: Assembled; problems: readonly Problem[]; findings: readonly Finding[] } {
  const layers = [
    "AGENTS.md",
    `tiers/${agent.tier}.md`,
    ...agent.roles.map((role) => `roles/${role}/AGENTS.md`),
    `agents.d/${agent.name}.md`,
  ];
  const texts = layers.map((path) => textOf(tree, path)).concat(agent.instructions);
  const text = texts.map((one) => one.trim()).filter(Boolean);
  const { skills, problems, findings } = givenTo(agent, library);
  return {
    result: { text: `${text.join("\n\n")}\n`, skills },
    problems: [...missingRoles(agent, tree), ...problems],
    findings,
  };
}

function textOf(tree: Tree, path: string): string {
  const bytes = tree.get(path);
  return bytes === undefined ? "" : new TextDecoder().decode(bytes);
}

function missingRoles(agent: Layered, tree: Tree): Problem[] {
  const has = (role: string) => [...tree.keys()].some((path) => path.startsWith(`roles/${role}/`));
  return agent.roles
    .filter((role) => !has(role))
    .map((role) => ({
      ...{ file: `agents.d/${agent.name}.yaml`, line: 1, column: 1, key: "", agent: "" },
      why: `roles: there is no role ${role}`,
      remedy: `make the folder roles/${role}`,
    }));
}
