/** `con memory search NAME QUERY`: finds memories of all senders, with source and trust. Reads only. */
import { exit } from "../../system/errors.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse, wholeNumber } from "../shared/parse.ts";
import { safeJson, safeLine, table } from "../shared/text.ts";
import { askMemory } from "./ask.ts";
import { type Fields, fieldsOf, listOf, wordOf } from "./request.ts";

const example = `Root only. Finds words, other forms of words and parts of names.

Keys of --json: memories [{memory {id, principal, kind, category, title, text, provenance, confidence, source {task, from,
trust, call}, created, updated, lastUsed, uses, expires, deleted, replacedBy, hasDetails}, snippet, scores, contradicts}].

Exit code: 0 also when nothing is found, 65 no such agent or no memory yet, 77 not root.

Example:
  con memory search concierge "deploy window"`;

export async function searchMemory(argv: readonly string[], io: Io): Promise<number> {
  const command = newCommand("memory search", "Find memories.", example)
    .argument("<name>", "the agent")
    .argument("<query...>", "words")
    .option("--limit <n>", "at most so many (default: 10)", wholeNumber("--limit", 1))
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const [name = "", ...words] = command.args;
  const { limit = 10, json } = command.opts<{ limit?: number; json?: boolean }>();
  const value = await askMemory(io, name, { verb: "search", query: words.join(" "), limit });
  if (json === true) io.out(safeJson(value));
  else io.out(rowsOf(listOf(value, "memories")));
  return exit.ok;
}

function rowsOf(hits: readonly Fields[]): string {
  if (hits.length === 0) return "nothing found\n";
  const rows = hits.map((hit) => {
    const memory = fieldsOf(hit["memory"]);
    const source = fieldsOf(memory["source"]);
    const cells = [
      wordOf(memory, "id"),
      wordOf(memory, "provenance"),
      wordOf(source, "trust"),
      wordOf(source, "from"),
      wordOf(memory, "category"),
      `${wordOf(memory, "title")}: ${wordOf(hit, "snippet")}`,
    ];
    return cells.map(safeLine);
  });
  return table(["ID", "KNOWN", "SOURCE", "FROM", "CATEGORY", "MEMORY"], rows);
}
