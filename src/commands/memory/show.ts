/** `con memory show NAME [ID]`: the categories, or one memory with its source and evidence. Reads only. */
import { exit } from "../../system/errors.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";
import { safeJson, safeLine, safeText, table } from "../shared/text.ts";
import { askMemory } from "./ask.ts";
import { type Fields, fieldsOf, listOf, wordOf } from "./request.ts";

const example = `Root only. OWNER is for whom it was remembered: trusted (root and group trusted) or one uid.

Keys of --json: without ID categories [{owner, name, description, trust, count, newest}]; with ID memory (see con memory
search --help), details, against, checks [{at, by, task, call, text}]. Times are epoch milliseconds.

Exit code: 0 shown, 65 there is none, 77 not root.

Example:
  con memory show concierge m12`;

export async function showMemory(argv: readonly string[], io: Io): Promise<number> {
  const command = newCommand("memory show", "Show what is remembered.", example)
    .argument("<name>", "the agent")
    .argument("[id]", "one memory")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const [name = "", id] = command.args;
  const request =
    id === undefined ? ({ verb: "categories" } as const) : ({ verb: "show", id } as const);
  const value = await askMemory(io, name, request);
  if (command.opts<{ json?: boolean }>().json === true) io.out(safeJson(value));
  else if (id === undefined) io.out(categories(listOf(value, "categories")));
  else print(io, fieldsOf(value));
  return exit.ok;
}

function categories(found: readonly Fields[]): string {
  if (found.length === 0) return "nothing is remembered\n";
  const keys = ["owner", "count", "trust", "name", "description"];
  const rows = found.map((category) => keys.map((key) => safeLine(wordOf(category, key))));
  return table(["OWNER", "COUNT", "NAMED BY", "CATEGORY", "ABOUT"], rows);
}

const time = (fields: Fields, key: string): string => {
  const at = fields[key];
  const date = new Date(typeof at === "number" ? at : Number.NaN);
  return Number.isNaN(date.getTime()) ? "-" : date.toISOString();
};

function print(io: Io, whole: Fields): void {
  const memory = fieldsOf(whole["memory"]);
  const source = fieldsOf(memory["source"]);
  const lines = [
    `id         ${wordOf(memory, "id")}`,
    `owner      ${wordOf(memory, "principal")}`,
    `category   ${wordOf(memory, "category")}`,
    `title      ${wordOf(memory, "title")}`,
    `kind       ${wordOf(memory, "kind")}`,
    `known      ${wordOf(memory, "provenance")}, confidence ${wordOf(memory, "confidence")}`,
    `source     ${wordOf(source, "from")} (${wordOf(source, "trust")}), task ${wordOf(source, "task")}`,
    `created    ${time(memory, "created")}`,
    `expires    ${time(memory, "expires")}`,
    `forgotten  ${time(memory, "deleted")}`,
    `replaced   ${wordOf(memory, "replacedBy")}`,
    ...listOf(whole, "checks").map(
      (check) =>
        `checked    ${time(check, "at")} by ${wordOf(check, "by")}: ${wordOf(check, "text")}`,
    ),
    ...listOf(whole, "against").map(
      (other) => `disputed   ${wordOf(other, "id")}: ${wordOf(other, "text")}`,
    ),
  ];
  for (const line of lines) io.out(`${safeLine(line)}\n`);
  io.out(`\n${safeText(wordOf(memory, "text"))}`);
  if (typeof whole["details"] === "string") io.out(`\n${safeText(whole["details"])}`);
}
