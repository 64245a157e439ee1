/** The skills that there are, where they come from, and who has them: what con bootstrap would find now. Reads only. */
import { loadConfigFiles } from "../../config/load.ts";
import { parseConfig } from "../../config/parse.ts";
import type { Config, Problem } from "../../config/types.ts";
import { type AllAssembled, assembleAll } from "../../host/assembled.ts";
import { libraryOf, type SkillFolder } from "../../host/skills.ts";
import { readTree } from "../../host/tree.ts";
import { ConError, exit } from "../../system/errors.ts";
import { asRoot, denied, isDenied } from "../shared/access.ts";
import { readShippedSkills } from "../shared/shipped-skills.ts";

export interface Shelf {
  /** `shipped`, `all`, `role NAME` or `agent NAME`. */
  readonly from: string;
  readonly skill: SkillFolder;
  /** Who has it, sorted. */
  readonly agents: readonly string[];
}

export interface Shelves {
  readonly config: Config;
  readonly shelves: readonly Shelf[];
  readonly assembled: AllAssembled["agents"];
  /** Of skills that nobody gets. */
  readonly problems: readonly Problem[];
}

export function readShelves(etc: string): Shelves {
  try {
    return shelvesOf(etc);
  } catch (error) {
    if (isDenied(error)) throw denied("con skill", etc, asRoot);
    throw error;
  }
}

function shelvesOf(etc: string): Shelves {
  const { config } = parseConfig(loadConfigFiles(etc));
  if (config === null) {
    const why = "the configuration cannot be used";
    throw new ConError(exit.configuration, etc, why, "con bootstrap --dry-run says what is wrong");
  }
  const { tree, refused } = readTree(etc);
  const library = libraryOf({ tree, refused, shipped: readShippedSkills() });
  const { agents: assembled, problems } = assembleAll(config, library, { tree, directory: etc });
  const shelves = [...library.skills].map(([key, skill]) => ({
    from: fromOf(key),
    skill,
    agents: [...assembled].flatMap(([name, { skills }]) => (skills.includes(skill) ? name : [])),
  }));
  const byName = (a: Shelf, b: Shelf): number =>
    a.skill.name === b.skill.name ? order(a.from, b.from) : order(a.skill.name, b.skill.name);
  return { config, shelves: shelves.sort(byName), assembled, problems };
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Folder of the library → the word for it. */
function fromOf(key: string): string {
  const [top = "", second = ""] = key.split("/");
  if (top === "roles") return `role ${second}`;
  if (top === "agents.d") return `agent ${second.replace(/\.skills$/, "")}`;
  return top === "skills" ? "all" : "shipped";
}

export interface Owner {
  readonly agent?: string;
  readonly role?: string;
}

/** The word for where a person means. */
export function ownerWord({ agent, role }: Owner): string {
  if (agent !== undefined && role !== undefined)
    throw new ConError(
      exit.usage,
      "con skill",
      "--agent and --role exclude each other",
      "give one",
    );
  if (agent !== undefined) return `agent ${agent}`;
  return role === undefined ? "all" : `role ${role}`;
}
