/** `--done-when CHECK`, `--done-when @FILE` and `--answer-schema FILE`: what a person demands of a task. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { errnoOf } from "../../system/disk.ts";
import { ConError, exit, reasonOf } from "../../system/errors.ts";
import type { DoneWhen } from "../../task/done-when/types.ts";
import { readDoneWhen } from "../../task/done-when.ts";
import type { ParseYaml } from "../../task/front-matter.ts";
import { loadTypedYaml } from "../../task/yaml.ts";
import { isDenied } from "./access.ts";
import type { Io } from "./io.ts";

const remedy = "see con task --help";

/** All checks together, in YAML or JSON; null without any. `schema` names the file that `--answer-schema` does. */
export async function readDemands(
  io: Io,
  words: readonly string[],
  schema: string | undefined,
): Promise<DoneWhen | null> {
  if (words.length === 0 && schema === undefined) return null;
  const parse = await loadTypedYaml();
  const forms = schema === undefined ? [] : [formOf(io, schema, parse)];
  const parts = [...words.map((word) => partOf(io, word, parse)), ...forms];
  const rounds = parts.flatMap((part) => (part.rounds === undefined ? [] : [part.rounds]));
  if (rounds.length > 1)
    throw new ConError(exit.badInput, "--done-when", "rounds are given twice", "give them once");
  const checks = parts.flatMap((part) => part.checks);
  const read = readDoneWhen(undefined, {
    checks,
    ...(rounds.length === 1 ? { rounds: rounds[0] } : {}),
  });
  if (read.ok) return read.doneWhen;
  throw new ConError(exit.badInput, "--done-when", read.why, remedy);
}

interface Part {
  readonly checks: readonly unknown[];
  readonly rounds?: unknown;
}

/** Read alone first, so that what is wrong with it is said of it. */
function formOf(io: Io, file: string, parse: ParseYaml): Part {
  const label = `--answer-schema ${file}`;
  const schema = parsed(label, readText(io, label, file), parse);
  const checks = [{ answer_json: { schema } }];
  const read = readDoneWhen(checks, undefined);
  if (read.ok) return { checks };
  const why = read.why.replace("done_when[0].answer_json.", "");
  throw new ConError(exit.badInput, label, why, remedy);
}

/** The same two forms as in a task file, or one check alone. */
function partOf(io: Io, word: string, parse: ParseYaml): Part {
  const label = `--done-when ${word}`;
  const text = word.startsWith("@") ? readText(io, label, word.slice(1)) : word;
  const value = parsed(label, text, parse);
  if (Array.isArray(value)) return { checks: value };
  if (typeof value !== "object" || value === null || !("checks" in value))
    return { checks: [value] };
  const { checks, ...rest } = value as Readonly<Record<string, unknown>>;
  const strange = Object.keys(rest).find((key) => key !== "rounds");
  if (Array.isArray(checks) && strange === undefined) return { checks, ...rest };
  const why = strange === undefined ? "checks must be a list" : `it has the unknown key ${strange}`;
  throw new ConError(exit.badInput, label, why, remedy);
}

function parsed(label: string, text: string, parse: ParseYaml): unknown {
  try {
    return parse(text);
  } catch (error) {
    const why = `it is not YAML: ${reasonOf(error)}`;
    throw new ConError(exit.badInput, label, why, remedy);
  }
}

/** More is no list of 20 checks. */
const maxBytes = 128 * 1024;

function readText(io: Io, label: string, file: string): string {
  try {
    const bytes = readFileSync(resolve(io.cwd, file));
    if (bytes.length <= maxBytes) return bytes.toString("utf8");
  } catch (error) {
    const code = isDenied(error) ? exit.permission : exit.badInput;
    const why = `it cannot be read (${errnoOf(error)})`;
    throw new ConError(code, label, why, "name a file that you may read");
  }
  const why = `it has more than ${maxBytes} bytes`;
  throw new ConError(exit.badInput, label, why, remedy);
}
