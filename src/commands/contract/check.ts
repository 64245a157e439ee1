/** `con contract check FILE…`: whether files are valid contracts, wherever they lie. Reads only. */
import { constants, fstatSync } from "node:fs";
import { resolve } from "node:path";
import type { Validate } from "../../config/validate.ts";
import { decode } from "../../contract/load.ts";
import { contractValidator, type ParsedContract, parseContract } from "../../contract/parse.ts";
import type { BadContract } from "../../contract/types.ts";
import { withDescriptor, withWalk } from "../../host/walk.ts";
import { errnoOf, nodeDisk } from "../../system/disk.ts";
import { readAll } from "../../system/durable.ts";
import { exit } from "../../system/errors.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";
import { safeJson } from "../shared/text.ts";
import { problemLines } from "./active.ts";

const example = `Prints each problem as file:line:column: key: why: what to do. Looks at each file on its own: what it
depends on, and who may write to it, shows in con contract list once it is active.
The schema that editors can use: /usr/share/con/schema/contract.schema.json

Exit code: 0 all are valid, 65 some are not.
Keys of --json: files [{file, id, ok, problems [{line, column, key, why, remedy}]}].

Example:
  con contract check /etc/con/contracts/mine.yaml
  con contract check - < draft.yaml`;

interface Checked {
  readonly file: string;
  readonly id: string | null;
  readonly ok: boolean;
  readonly problems: BadContract["problems"];
}

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const command = newCommand("contract check", "Validate contract files.", example)
    .argument("<file...>", "contract files; - reads standard input")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const validate = contractValidator();
  const files: Checked[] = [];
  for (const file of command.args) files.push(await check(io, file, validate));
  const marked = markSameIds(files);
  if (command.opts<{ json?: boolean }>().json === true) io.out(safeJson({ files: marked }));
  else {
    for (const line of linesOf(marked)) io.err(`${line}\n`);
    if (marked.every(({ ok }) => ok)) io.out("ok\n");
  }
  return marked.every(({ ok }) => ok) ? exit.ok : exit.badInput;
}

const mostLines = 50;

function linesOf(files: readonly Checked[]): string[] {
  const lines = files.flatMap((one) => problemLines(one, one.file));
  const more = lines.length - mostLines;
  return more > 0 ? [...lines.slice(0, mostLines), `and ${more} more problems`] : lines;
}

async function check(io: Io, file: string, validate: Validate): Promise<Checked> {
  const bytes = file === "-" ? await readInput(io) : readBytes(resolve(io.cwd, file), io.uid === 0);
  if (typeof bytes === "string") return unreadable(file, bytes);
  const text = decode(bytes);
  if (text === null) return unreadable(file, "it is not UTF-8");
  const path = file === "-" ? resolve(io.cwd, "standard-input") : resolve(io.cwd, file);
  return checked(file, parseContract({ path, text }, validate));
}

const checked = (file: string, { id, problems }: ParsedContract): Checked => ({
  file,
  id,
  ok: problems.length === 0,
  problems,
});

const unreadable = (file: string, why: string): Checked => ({
  file,
  id: null,
  ok: false,
  problems: [{ line: 1, column: 1, key: "", why, remedy: "give a file that you may read" }],
});

const maxBytes = 1 << 20;
const tooLong = `it has more than ${maxBytes} bytes`;

async function readInput(io: Io): Promise<Uint8Array | string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of io.input()) {
    length += part.length;
    if (length > maxBytes) return tooLong;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Root is led nowhere by a link of somebody else's; people know their own ones. */
function readBytes(path: string, isRoot: boolean): Uint8Array | string {
  try {
    const read = (at: string) => withDescriptor(at, flags, bytesOf);
    return isRoot ? withWalk("refuse", ({ entry }) => read(entry(path))) : read(path);
  } catch (error) {
    const code = errnoOf(error);
    if (code === null) throw error;
    if (code === "ELOOP") return "it is a symbolic link, which is not followed";
    return code === "ENOENT" ? "there is no such file" : `it cannot be read (${code})`;
  }
}

function bytesOf(fd: number): Uint8Array | string {
  if (!fstatSync(fd).isFile()) return "it is no regular file";
  return readAll(nodeDisk, fd, maxBytes) ?? tooLong;
}

/** The one thing that shows only of several files together. */
function markSameIds(files: readonly Checked[]): Checked[] {
  return files.map((one, index) => {
    const first = files.findIndex(({ id }) => id !== null && id === one.id);
    if (first < 0 || first === index) return one;
    const why = `${one.id} is the id of ${files[first]?.file}`;
    const remedy = "give each contract an id of its own";
    return {
      ...one,
      ok: false,
      problems: [...one.problems, { line: 1, column: 1, key: "id", why, remedy }],
    };
  });
}
