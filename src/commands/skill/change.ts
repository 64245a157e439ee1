/** `con skill add|remove`. Root only; what was checked in memory is what is kept. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { skillFile, skillName } from "../../skill/bounds.ts";
import { checkSkill } from "../../skill/parse.ts";
import type { CheckedSkill, SkillProblem } from "../../skill/types.ts";
import { nodeDisk } from "../../system/disk.ts";
import { ConError, exit } from "../../system/errors.ts";
import { mustBeRoot } from "../shared/credentials.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";
import { type Execute, reapplyWithoutKeys } from "../shared/reapply.ts";
import { safeJson, safeLine } from "../shared/text.ts";
import { type Owner, ownerWord, readShelves } from "./library.ts";
import { readSource, type Source } from "./source.ts";
import { dropSkill, putSkill } from "./store.ts";

export interface SkillDeps {
  readonly etc: string;
  readonly dev: boolean;
  readonly execute: Execute;
  readonly self: readonly [string, string];
}

interface Options extends Owner {
  readonly replace?: boolean;
  readonly dryRun?: boolean;
  readonly apply: boolean;
  readonly json?: boolean;
}

const addExample = `SOURCE is a folder with SKILL.md (the AgentSkills format: name and description in front, then what to do), or a
.tar or .tar.gz of one. Links, devices and hidden text are refused; files that begin with a dot are left out. It goes to
/etc/con/skills, for every agent whose manifest does not say otherwise, or to one agent or role; then con bootstrap runs.
Agents read it, and run its scripts, and cannot write it. A skill grants no right. Read it before you add it: what it
says, agents do.

Exit code: 0 done, 65 it is no valid skill (nothing was changed), 73 there is one of that name, 78 done, but bootstrap left
something else out.
Keys of --json: name, from, path, replaced, files, agents [names], warnings [{file, line, why, remedy}], applied.

Example:
  con skill add ./release-notes
  con skill add release-notes.tar.gz --agent scribe --replace
  con skill add ./draft --dry-run`;

export async function addSkill(argv: readonly string[], io: Io, deps: SkillDeps): Promise<number> {
  const command = newCommand("skill add", "Check a skill, and give it to agents.", addExample)
    .argument("<source>", "a folder, or a tar archive of one")
    .option("--agent <name>", "for this agent alone")
    .option("--role <name>", "for agents of this role")
    .option("--replace", "in place of the one of that name")
    .option("--dry-run", "check it, and change nothing")
    .option("--no-apply", "keep it, and leave con bootstrap to you")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const options = command.opts<Options>();
  const given = command.args[0] ?? "";
  const source = readSource(io, given);
  const checked = checkSkill(source.name, source.files);
  tell(io, given, checked.warnings);
  if (checked.head === null) refuse(io, given, checked);
  if (options.dryRun === true) return dryRun(io, source, checked, options);
  mayChange(io, deps, "skill add");
  const parent = folderOf(deps.etc, options);
  if (options.replace !== true && existsSync(join(parent, source.name))) {
    const why = `there is a skill ${source.name} in ${parent}`;
    throw new ConError(exit.cannotCreate, given, why, "add --replace to put this in its place");
  }
  const replaced = putSkill(nodeDisk, parent, source.name, source.files);
  const path = join(parent, source.name);
  const said = options.json === true ? "" : `skill ${source.name} is in ${safeLine(path)}\n`;
  io.out(said);
  const code = await applied(io, deps, options);
  const agents = agentsWith(deps.etc, source.name, options);
  if (options.json === true)
    io.out(
      safeJson({
        ...summary(source, checked, options),
        path,
        replaced,
        agents,
        applied: options.apply && !deps.dev,
      }),
    );
  else io.out(`given to: ${safeLine(agents.join(", ")) || "nobody yet"}\n`);
  return code;
}

const summary = (source: Source, { warnings }: CheckedSkill, options: Owner) => ({
  ...{ name: source.name, from: ownerWord(options), files: source.files.size, warnings },
});

function dryRun(io: Io, source: Source, checked: CheckedSkill, options: Options): number {
  if (options.json === true)
    io.out(safeJson({ ...summary(source, checked, options), applied: false }));
  else io.out(`skill ${source.name} is valid: ${source.files.size} files; nothing was changed\n`);
  return exit.ok;
}

function tell(io: Io, source: string, found: readonly SkillProblem[]): void {
  for (const { file, line, why, remedy } of found)
    io.err(`con: ${safeLine(`${join(source, file)}:${line}: ${why}: ${remedy}`)}\n`);
}

function refuse(io: Io, source: string, { problems }: CheckedSkill): never {
  tell(io, source, problems);
  const remedy = "correct what stands above; con skill add --dry-run checks again";
  throw new ConError(exit.badInput, source, `it is no valid skill (${skillFile})`, remedy);
}

const removeExample = `Shipped skills stay: take their names out of the manifests. Then con bootstrap runs.

Keys of --json: name, from, path, applied.

Example:
  con skill remove release-notes --agent scribe`;

export async function removeSkill(
  argv: readonly string[],
  io: Io,
  deps: SkillDeps,
): Promise<number> {
  const command = newCommand("skill remove", "Take a skill out.", removeExample)
    .argument("<name>", "as con skill list shows it")
    .option("--agent <name>", "the one of this agent alone")
    .option("--role <name>", "the one of this role")
    .option("--no-apply", "leave con bootstrap to you")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const options = command.opts<Options>();
  const name = command.args[0] ?? "";
  mayChange(io, deps, "skill remove");
  const parent = folderOf(deps.etc, options);
  if (!skillName.test(name) || !dropSkill(nodeDisk, parent, name)) {
    const remedy = "con skill list shows where skills come from: use --agent or --role";
    throw new ConError(exit.badInput, `skill ${name}`, `there is none in ${parent}`, remedy);
  }
  const path = join(parent, name);
  if (options.json !== true) io.out(`skill ${name} is gone from ${safeLine(parent)}\n`);
  const code = await applied(io, deps, options);
  if (options.json === true)
    io.out(safeJson({ name, from: ownerWord(options), path, applied: options.apply && !deps.dev }));
  return code;
}

function mayChange(io: Io, { dev, etc }: SkillDeps, what: string): void {
  if (!dev) mustBeRoot(io, what, `${etc}/skills`);
}

/** Where skills of that agent, that role or everybody lie. */
function folderOf(etc: string, owner: Owner): string {
  ownerWord(owner);
  const { agent, role } = owner;
  const { config } = readShelves(etc);
  if (agent !== undefined) {
    const agents = [...config.agents.map(({ name }) => name), ...config.excluded].sort();
    if (agents.includes(agent)) return join(etc, "agents.d", `${agent}.skills`);
    throw new ConError(
      exit.badInput,
      `agent ${agent}`,
      "there is no such agent",
      `there are: ${agents.join(", ")}`,
    );
  }
  if (role === undefined) return join(etc, "skills");
  const folder = join(etc, "roles", role);
  if (/^[a-z][a-z0-9-]{0,30}$/.test(role) && existsSync(folder)) return join(folder, "skills");
  const remedy = `make the folder ${join(etc, "roles", "NAME")} first, with its AGENTS.md`;
  throw new ConError(exit.badInput, `role ${role}`, "there is no such role", remedy);
}

const agentsWith = (etc: string, name: string, owner: Owner): readonly string[] =>
  readShelves(etc).shelves.find(
    ({ skill, from }) => skill.name === name && from === ownerWord(owner),
  )?.agents ?? [];

async function applied(io: Io, deps: SkillDeps, { apply, json }: Options): Promise<number> {
  const how = deps.dev ? "start con dev again" : "run con bootstrap";
  if (apply && !deps.dev) return reapplyWithoutKeys(deps.execute, deps.self, io);
  if (json !== true) io.out(`it takes effect when you ${how}\n`);
  return exit.ok;
}
