/**
 * What people wrote → one frozen `Config`, or the problems with file, line and key. Pure.
 *
 * A bad manifest leaves out its agent and nobody else. A bad con.yaml leaves nothing to apply:
 * `config` is null. Never: guesses, repairs, or accepts a key that nothing enforces.
 */
import { type RawAgent, readAgentPart, type Surroundings } from "./agent.ts";
import type { Broken } from "./broken.ts";
import { deepFreeze } from "./freeze.ts";
import { namePattern } from "./grammar.ts";
import { type RawRole, readRolePart } from "./role.ts";
import { readSource, type Source } from "./source.ts";
import { type RawSystem, readSystemPart, type SystemPart } from "./system.ts";
import type { Agent, Config, Problem, Role, SourceFile } from "./types.ts";
import { createValidators, type Issue, type Validate } from "./validate.ts";

export interface Parsed {
  readonly config: Config | null;
  readonly problems: readonly Problem[];
}

/** In the folder of a role: what makes it one for temporary agents. */
export const roleFile = "role.yaml";

/** The files of a configuration directory: `con.yaml`, `agents.d/*.yaml`, `roles/NAME/role.yaml`. */
export interface ConfigFiles {
  readonly system: SourceFile | null;
  readonly agents: readonly SourceFile[];
  readonly roles?: readonly SourceFile[] | undefined;
}

/** Compiles the schemas unless it is given `validators`. */
export function parseConfig(files: ConfigFiles, validators = createValidators()): Parsed {
  if (files.system === null) return { config: null, problems: [noSystemFile] };
  const system = readSystemFile(files.system, validators.system);
  if (system.part === null) return { config: null, problems: system.problems };
  const known = new Set(files.agents.map(nameOfFile).filter((name) => namePattern.test(name)));
  const missing = frontDeskProblem(system.part, system.source, known);
  if (missing !== null) return { config: null, problems: [missing] };
  const problems: Problem[] = [];
  const roles = readRoles(files.roles ?? [], validators.role, system.part);
  problems.push(...roles.problems);
  const agents: Agent[] = [];
  for (const file of files.agents) {
    const around = { known, roles: roles.known, system: system.part };
    const result = readAgentFile(file, validators.agent, around);
    problems.push(...result.problems);
    if (result.agent !== null) agents.push(result.agent);
  }
  const config = { ...assemble(system.part, agents, known), roles: roles.good };
  return { config: deepFreeze(config), problems };
}

const noSystemFile: Problem = {
  file: "con.yaml",
  line: 1,
  column: 1,
  key: "",
  why: "the file is missing",
  remedy: "copy a profile: cp -rn /usr/share/con/profiles/default/. /etc/con/",
  agent: null,
};

function assemble(
  part: SystemPart,
  agents: Agent[],
  known: ReadonlySet<string>,
): Omit<Config, "roles"> {
  const { defaultModels: _used, defaultCascade: _common, ...rest } = part;
  agents.sort((a, b) => (a.name < b.name ? -1 : 1));
  const good = new Set(agents.map(({ name }) => name));
  return { ...rest, agents, excluded: [...known].filter((name) => !good.has(name)).sort() };
}

const nameOfFile = ({ path }: SourceFile): string =>
  path.slice(path.lastIndexOf("/") + 1).replace(/\.ya?ml$/, "");

type SystemResult =
  | { readonly part: SystemPart; readonly source: Source; readonly problems: Problem[] }
  | { readonly part: null; readonly problems: Problem[] };

function readSystemFile(file: SourceFile, validate: Validate): SystemResult {
  const { source, problems } = open(file, validate, null);
  if (source === null || problems.length > 0) return { part: null, problems };
  const { part, broken } = readSystemPart(source.value as RawSystem);
  if (broken.length === 0) return { part, source, problems: [] };
  return { part: null, problems: broken.map((one) => problemOf(source, one, "value", null)) };
}

/** Nobody is left out because of a role; only temporary agents of it cannot be made. */
const nobody = "";

/** roles/NAME/role.yaml → NAME. */
const nameOfRole = ({ path }: SourceFile): string => path.split("/").at(-2) ?? "";

function readRoles(
  files: readonly SourceFile[],
  validate: Validate,
  system: SystemPart,
): { known: ReadonlySet<string>; good: Record<string, Role>; problems: Problem[] } {
  const known = new Set(files.map(nameOfRole));
  const around = { known, models: Object.keys(system.models) };
  const good: Record<string, Role> = {};
  const problems: Problem[] = [];
  for (const file of files) {
    const { source, problems: found } = open(file, validate, nobody);
    problems.push(...found);
    if (source === null || found.length > 0) continue;
    const { role, broken } = readRolePart(source.value as RawRole, around);
    problems.push(...broken.map((one) => problemOf(source, one, "value", nobody)));
    if (broken.length === 0) good[nameOfRole(file)] = role;
  }
  return { known, good, problems };
}

function readAgentFile(
  file: SourceFile,
  validate: Validate,
  around: Omit<Surroundings, "fileName">,
): { agent: Agent | null; problems: Problem[] } {
  const fileName = nameOfFile(file);
  const { source, problems } = open(file, validate, fileName);
  if (!file.path.endsWith(".yaml")) problems.push(wrongEnding(file.path, fileName));
  if (source === null || problems.length > 0) return { agent: null, problems };
  const read = readAgentPart(source.value as RawAgent, { ...around, fileName });
  const broken = read.broken.map((one) => problemOf(source, one, "value", fileName));
  return { agent: broken.length === 0 ? read.agent : null, problems: broken };
}

/** Reads and validates; the source is null when the text is not even YAML. */
function open(
  file: SourceFile,
  validate: Validate,
  agent: string | null,
): { source: Source | null; problems: Problem[] } {
  const source = readSource(file);
  if (Array.isArray(source)) {
    const remedy = "see https://yaml.org/spec/1.2.2/ or copy a working file";
    const problems = source.map((fault) => ({ ...fault, file: file.path, key: "", remedy, agent }));
    return { source: null, problems };
  }
  const problems = validate(source.value).map((issue) => problemOf(source, issue, issue.of, agent));
  return { source, problems };
}

function problemOf(
  source: Source,
  { path, why, remedy }: Broken | Issue,
  of: "key" | "value",
  agent: string | null,
): Problem {
  return { file: source.file, ...source.locate(path, of), key: path.join("."), why, remedy, agent };
}

const wrongEnding = (file: string, agent: string): Problem => ({
  file,
  line: 1,
  column: 1,
  key: "",
  why: "the name of a manifest ends with .yaml",
  remedy: `rename it to ${agent}.yaml`,
  agent,
});

function frontDeskProblem(
  { system }: SystemPart,
  source: Source,
  known: ReadonlySet<string>,
): Problem | null {
  if (known.has(system.frontDesk)) return null;
  const path = ["system", "front_desk"];
  const why = `the front desk, ${system.frontDesk}, has no manifest`;
  const names = [...known].sort().join(", ") || "none yet";
  const remedy = `add agents.d/${system.frontDesk}.yaml, or name one of: ${names}`;
  return problemOf(source, { path, why, remedy }, "value", null);
}
