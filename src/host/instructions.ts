/**
 * One agent's AGENTS.md from its layers, and the skills it gets. Pure.
 *
 * Layers, in this order: AGENTS.md, tiers/TIER.md, roles/ROLE/AGENTS.md of each role, agents.d/NAME.md, the
 * manifest's `instructions`. Skills follow the AgentSkills format; a malformed one is left out and
 * reported. A later skill of the same name (a role's) replaces an earlier one (everybody's).
 */
import { parseDocument } from "yaml";
import type { Agent, Problem } from "../config/types.ts";

/** What lies under /etc/con besides the YAML: relative path → content. */
export type Tree = ReadonlyMap<string, Uint8Array>;

export interface SkillFolder {
  readonly name: string;
  readonly description: string;
  /** Path inside the skill → content, SKILL.md included. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export interface Assembled {
  readonly text: string;
  readonly skills: readonly SkillFolder[];
}

export type Layered = Pick<Agent, "name" | "tier" | "roles" | "instructions">;

export function assemble(agent: Layered, tree: Tree): { result: Assembled; problems: Problem[] } {
  const layers = [
    "AGENTS.md",
    `tiers/${agent.tier}.md`,
    ...agent.roles.map((role) => `roles/${role}/AGENTS.md`),
    `agents.d/${agent.name}.md`,
  ];
  const texts = layers.map((path) => textOf(tree, path)).concat(agent.instructions);
  const folders = ["skills/", ...agent.roles.map((role) => `roles/${role}/skills/`)];
  const found = folders.map((folder) => readSkills(tree, folder));
  const skills = new Map(found.flatMap(({ skills }) => skills).map((one) => [one.name, one]));
  return {
    result: {
      text: `${texts
        .map((text) => text.trim())
        .filter(Boolean)
        .join("\n\n")}\n`,
      skills: [...skills.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    },
    problems: [...missingRoles(agent, tree), ...found.flatMap(({ problems }) => problems)],
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
    .map((role) =>
      problem(
        `agents.d/${agent.name}.yaml`,
        1,
        `roles: there is no role ${role}`,
        `make the folder roles/${role}`,
      ),
    );
}

function readSkills(tree: Tree, folder: string): { skills: SkillFolder[]; problems: Problem[] } {
  const skills: SkillFolder[] = [];
  const problems: Problem[] = [];
  for (const path of tree.keys()) {
    const name = skillName(path, folder);
    if (name === null) continue;
    const read = readSkill(path, name, textOf(tree, path));
    if ("why" in read) problems.push(read);
    else skills.push({ ...read, files: filesBelow(tree, `${folder}${name}/`) });
  }
  return { skills, problems };
}

/** `skills/NAME/SKILL.md` → NAME. */
function skillName(path: string, folder: string): string | null {
  if (!path.startsWith(folder)) return null;
  const [name, file, ...rest] = path.slice(folder.length).split("/");
  return name !== undefined && file === "SKILL.md" && rest.length === 0 ? name : null;
}

function filesBelow(tree: Tree, prefix: string): Map<string, Uint8Array> {
  const files = [...tree].filter(([path]) => path.startsWith(prefix));
  return new Map(files.map(([path, content]) => [path.slice(prefix.length), content]));
}

const namePattern = /^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/;

function readSkill(
  path: string,
  folderName: string,
  text: string,
): { name: string; description: string } | Problem {
  const front = /^---\r?\n([\s\S]*?)\r?\n---\r?\n/.exec(text)?.[1];
  const form = "begin SKILL.md with front matter: ---, name: and description:, ---";
  if (front === undefined) return problem(path, 1, "there is no front matter", form);
  const document = parseDocument(front);
  const [fault] = document.errors;
  if (fault !== undefined) {
    const line = (fault.linePos?.[0].line ?? 0) + 1;
    return problem(path, line, `the front matter is no YAML (${fault.code})`, form);
  }
  const value: unknown = document.toJS({ maxAliasCount: 0 });
  const { name, description } = isRecord(value) ? value : {};
  if (typeof name !== "string" || name !== folderName || !namePattern.test(name))
    return problem(path, 2, `name is not ${folderName}`, `write name: ${folderName} (a-z 0-9 -)`);
  if (typeof description !== "string" || description.trim() === "" || description.length > 1024)
    return problem(path, 2, "description is missing", "write description: when to use this skill");
  return { name, description: description.replace(/\s+/g, " ").trim() };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** Agents keep working without a skill, so nobody is excluded by it. */
const problem = (file: string, line: number, why: string, remedy: string): Problem => ({
  file,
  line,
  column: 1,
  key: "",
  why,
  remedy,
  agent: "",
});
