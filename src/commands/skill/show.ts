/** `con skill show NAME`: the line of the catalogue, the body, the files. Reads only. */
import { splitSkill } from "../../skill/body.ts";
import { skillFile } from "../../skill/bounds.ts";
import { skillLines } from "../../skill/catalogue.ts";
import { checkSkill } from "../../skill/parse.ts";
import { ConError, exit } from "../../system/errors.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";
import { safeJson, safeLine, safeText, table } from "../shared/text.ts";
import { type Owner, ownerWord, readShelves, type Shelf, type Shelves } from "./library.ts";

const example = `Of several skills of one name, --agent shows the one that this agent has, --role that of the role; without them
that of /etc/con/skills, or the only one.

Keys of --json: name, from, description, category, license, compatibility, allowed_tools [names], agents [names],
warnings [{file, line, why, remedy}], files [{path, bytes}], body. With --file: path, bytes, text (null for binary).

Example:
  con skill show documents
  con skill show documents --file references/ocr.md`;

interface Options extends Owner {
  readonly file?: string;
  readonly json?: boolean;
}

export function showSkill(argv: readonly string[], io: Io, etc: string): number {
  const command = newCommand("skill show", "Show a skill in full.", example)
    .argument("<name>", "as con skill list shows it")
    .option("--agent <name>", "the one that this agent has")
    .option("--role <name>", "the one of this role")
    .option("--file <path>", "one of its files instead")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const options = command.opts<Options>();
  const shelf = chosen(readShelves(etc), command.args[0] ?? "", options);
  if (options.file === undefined) showAll(io, shelf, options.json === true);
  else showFile(io, shelf, { file: options.file, json: options.json === true });
  return exit.ok;
}

function chosen({ shelves, assembled }: Shelves, name: string, owner: Owner): Shelf {
  const word = ownerWord(owner);
  const named = shelves.filter(({ skill }) => skill.name === name);
  const given = owner.agent === undefined ? [] : (assembled.get(owner.agent)?.skills ?? []);
  const found =
    owner.agent === undefined
      ? named.find(({ from }) => from === word)
      : named.find(({ skill }) => given.includes(skill));
  const only = owner.agent ?? owner.role;
  if (found !== undefined) return found;
  if (only === undefined && named.length === 1 && named[0] !== undefined) return named[0];
  const what = `skill ${name}`;
  if (named.length > 0) {
    const remedy = `there is one of: ${named.map(({ from }) => from).join(", ")}; use --agent or --role`;
    throw new ConError(exit.badInput, what, "it is not clear which one, or not that one", remedy);
  }
  const names = [...new Set(shelves.map(({ skill }) => skill.name))].join(", ") || "none";
  throw new ConError(
    exit.badInput,
    what,
    "there is no usable skill of that name",
    `there are: ${names}`,
  );
}

const textOf = (bytes: Uint8Array | undefined): string =>
  bytes === undefined ? "" : new TextDecoder().decode(bytes);

function showAll(io: Io, { skill, from, agents }: Shelf, json: boolean): void {
  const { head, warnings } = checkSkill(skill.name, skill.files);
  const files = [...skill.files]
    .map(([path, bytes]) => ({ path, bytes: bytes.length }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const body = splitSkill(textOf(skill.files.get(skillFile)))?.body.trim() ?? "";
  const { license = null, compatibility = null, allowedTools = [] } = head ?? {};
  if (json) {
    const { name, description, category } = skill;
    const about = { name, from, description, category, license, compatibility };
    io.out(safeJson({ ...about, allowed_tools: allowedTools, agents, warnings, files, body }));
    return;
  }
  const rows = [
    ["from", safeLine(from)],
    ["agents", safeLine(agents.join(", ")) || "nobody"],
    ...(license === null ? [] : [["license", safeLine(license)]]),
    ...(compatibility === null ? [] : [["needs", safeLine(compatibility)]]),
    ...(allowedTools.length === 0 ? [] : [["names tools", safeLine(allowedTools.join(", "))]]),
    ...warnings.map(({ line, why }) => ["warning", safeLine(`line ${line}: ${why}`)]),
    ...files.map(({ path, bytes }) => ["file", `${safeLine(path)} (${bytes} bytes)`]),
  ];
  io.out(safeText(skillLines([skill], skill.description.length).join("\n")));
  io.out(`\n${table(rows[0] ?? [], rows.slice(1))}\n${safeText(body)}`);
}

function showFile(
  io: Io,
  { skill }: Shelf,
  { file, json }: { readonly file: string; readonly json: boolean },
): void {
  const bytes = skill.files.get(file);
  if (bytes === undefined) {
    const remedy = `it has: ${[...skill.files.keys()].sort().join(", ")}`;
    throw new ConError(exit.badInput, file, `skill ${skill.name} has no such file`, remedy);
  }
  const text = bytes.includes(0) ? null : textOf(bytes);
  if (json) io.out(safeJson({ path: file, bytes: bytes.length, text }));
  else io.out(text === null ? `binary, ${bytes.length} bytes\n` : safeText(text));
}
