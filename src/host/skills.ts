/**
 * Which skills there are, and which of them an agent gets. Pure.
 *
 * Later ones win over earlier ones of the same name: shipped by con (given only to whom the manifest names them),
 * `skills/` (for everybody, unless the manifest's `skills` says otherwise), those of its roles, those in
 * `agents.d/NAME.skills/`. A skill with a problem is given to nobody, and takes no agent and no other skill along.
 */
import type { Agent, Problem } from "../config/types.ts";
import { checkSkill } from "../skill/parse.ts";
import type { SkillFiles, SkillHead, SkillProblem } from "../skill/types.ts";
import type { Finding } from "./finding.ts";

/** What lies under /etc/con besides the YAML: relative path → content. */
export type Tree = ReadonlyMap<string, Uint8Array>;

export interface SkillFolder extends Pick<SkillHead, "name" | "description" | "category"> {
  readonly allowedTools: readonly string[];
  /** Path inside the skill → content, SKILL.md included. */
  readonly files: SkillFiles;
}

/** Where skills come from. */
export interface SkillSources {
  readonly tree: Tree;
  /** Relative path below /etc/con → why nothing was read there: a link, a device, too much. */
  readonly refused?: ReadonlyMap<string, string>;
  /** Shipped by con: `skills/NAME/…`. */
  readonly shipped?: Tree;
}

export interface Library {
  /** Folder of the configuration, or `shipped/NAME` → its skill. */
  readonly skills: ReadonlyMap<string, SkillFolder>;
  /** Files are relative to the configuration; `/usr/share/con/skills/…` for shipped ones. */
  readonly problems: readonly Problem[];
  readonly findings: readonly Finding[];
}

export const shippedSkills = "/usr/share/con/skills";

/** By its path inside the skill: it can be run as it is. */
export const isScript = (path: string): boolean => path.startsWith("scripts/");

/** Of `skills` in a manifest: every one of /etc/con/skills. */
const everyone = "*";

/** The folders that may hold skills: `skills/`, `roles/ROLE/skills/`, `agents.d/NAME.skills/`. */
const skillPath = /^((?:skills|roles\/[^/]+\/skills|agents\.d\/[^/]+\.skills)\/[^/]+)\/(.+)$/;

/** Whether a refused path is a matter of a skill, which is then reported as its problem. */
export const isOfSkill = (path: string): boolean => skillPath.test(`${path}/.`);

export function libraryOf({ tree, refused, shipped }: SkillSources): Library {
  const skills = new Map<string, SkillFolder>();
  const problems: Problem[] = [];
  const findings: Finding[] = [];
  const take = (key: string, place: string, files: SkillFiles, refusals: SkillProblem[]): void => {
    const folder = key.slice(key.lastIndexOf("/") + 1);
    const { head, problems: found, warnings } = checkSkill(folder, files);
    const all = [...refusals, ...(refusals.length > 0 ? [] : found)];
    problems.push(...all.map((one) => problemOf(place, one)));
    for (const { file, line, why, remedy } of warnings)
      findings.push({ what: `${fileIn(place, file)}:${line}`, why, remedy });
    if (head === null || all.length > 0) return;
    const { name, description, category, allowedTools } = head;
    skills.set(key, { name, description, category, allowedTools, files });
  };
  const bad = byFolder(refusedInside(refused ?? new Map<string, string>()));
  const found = byFolder(tree);
  for (const folder of [...new Set([...found.keys(), ...bad.keys()])].sort()) {
    const refusals = [...(bad.get(folder) ?? [])].map(([file, why]) => refusal(file, why));
    take(folder, folder, found.get(folder) ?? new Map<string, Uint8Array>(), refusals);
  }
  for (const [folder, files] of byFolder(shipped ?? new Map<string, Uint8Array>())) {
    const name = folder.slice("skills/".length);
    take(`shipped/${name}`, `${shippedSkills}/${name}`, files, []);
  }
  return { skills, problems, findings };
}

const refusal = (file: string, why: string): SkillProblem => ({
  ...{ file, line: 1, why: `${why}, so the skill is left out` },
  remedy: "put the file itself there, or take it away",
});

/** A skill's folder that is a link itself lies nowhere inside of one. */
const refusedInside = (refused: ReadonlyMap<string, string>): Map<string, string> =>
  new Map([...refused].map(([path, why]) => [skillPath.test(path) ? path : `${path}/.`, why]));

/** Folder of a skill → path inside → what `all` has there. */
function byFolder<T>(all: ReadonlyMap<string, T>): Map<string, Map<string, T>> {
  const folders = new Map<string, Map<string, T>>();
  for (const [path, value] of all) {
    const [, folder, inside] = skillPath.exec(path) ?? [];
    if (folder === undefined || inside === undefined) continue;
    const files = folders.get(folder) ?? new Map<string, T>();
    files.set(inside, value);
    folders.set(folder, files);
  }
  return folders;
}

const fileIn = (place: string, file: string): string =>
  file === "" || file === "." ? place : `${place}/${file}`;

/** Agents keep working without a skill, so nobody is excluded by it. */
const problemOf = (place: string, { file, line, why, remedy }: SkillProblem): Problem => ({
  ...{ file: fileIn(place, file), line, column: 1, key: "", why, remedy, agent: "" },
});

export type Skilled = Pick<Agent, "name" | "roles" | "skills">;

export interface Given {
  /** Sorted by name. */
  readonly skills: readonly SkillFolder[];
  readonly problems: readonly Problem[];
  readonly findings: readonly Finding[];
}

export function givenTo(agent: Skilled, { skills: all }: Library): Given {
  const problems: Problem[] = [];
  const findings: Finding[] = [];
  const taken = new Map<string, SkillFolder>();
  const below = (folder: string): SkillFolder[] =>
    [...all].flatMap(([key, one]) => (key === `${folder}/${one.name}` ? one : []));
  for (const name of agent.skills ?? [everyone]) {
    const one = all.get(`skills/${name}`) ?? all.get(`shipped/${name}`);
    const named = name === everyone ? below("skills") : [one ?? []].flat();
    for (const skill of named) taken.set(skill.name, skill);
    if (name !== everyone && one === undefined) problems.push(unknown(agent.name, name));
  }
  const ofRoles = new Map<string, string>();
  for (const role of agent.roles)
    for (const skill of below(`roles/${role}/skills`)) {
      const other = ofRoles.get(skill.name);
      if (other !== undefined) findings.push(twice(agent.name, skill.name, other, role));
      ofRoles.set(skill.name, role);
      taken.set(skill.name, skill);
    }
  for (const skill of below(`agents.d/${agent.name}.skills`)) taken.set(skill.name, skill);
  const skills = [...taken.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { skills, problems, findings };
}

const unknown = (agent: string, skill: string): Problem => ({
  ...{ file: `agents.d/${agent}.yaml`, line: 1, column: 1, key: "skills", agent: "" },
  why: `there is no usable skill ${skill}`,
  remedy: "con skill list shows those that there are; the agent works without it",
});

const twice = (agent: string, skill: string, first: string, second: string): Finding => ({
  what: `skill ${skill} of agent ${agent}`,
  why: `roles ${first} and ${second} both have one of that name; that of ${second} is used`,
  remedy: "rename one of them",
});

/** `allowed-tools` of a skill is a wish: it is told where it cannot come true, and grants nothing. */
export function lackingTools(
  { name, can }: Pick<Agent, "name" | "can">,
  skills: readonly SkillFolder[],
): Finding[] {
  return skills.flatMap(({ name: skill, allowedTools }) => {
    const lacking = allowedTools.filter((tool) => !can.tools.includes(tool));
    if (lacking.length === 0) return [];
    return {
      what: `skill ${skill} of agent ${name}`,
      why: `it names tools that the agent has not: ${lacking.join(", ")}`,
      remedy: "a skill grants nothing: give them in can.tools, or take the skill from the agent",
    };
  });
}
