/** `con memory threads NAME`: conversations of an agent, the latest first. Reads only. */
import { exit } from "../../system/errors.ts";
import type { Io } from "../shared/io.ts";
import { newCommand, parse } from "../shared/parse.ts";
import { cut, safeJson, safeLine, table } from "../shared/text.ts";
import { askMemory } from "./ask.ts";
import { type Fields, listOf, wordOf } from "./request.ts";

const example = `Root only. The same name under another owner is another thread.

Keys of --json: threads [{principal, thread, turns, newest, summary}]; newest is in epoch milliseconds.

Exit code: 0 also when there is none, 65 no such agent or no memory yet, 77 not root.

Example:
  con memory threads concierge`;

export async function listThreads(argv: readonly string[], io: Io): Promise<number> {
  const command = newCommand("memory threads", "List conversations.", example)
    .argument("<name>", "the agent")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const [name = ""] = command.args;
  const value = await askMemory(io, name, { verb: "threads" });
  if (command.opts<{ json?: boolean }>().json === true) io.out(safeJson(value));
  else io.out(rows(listOf(value, "threads")));
  return exit.ok;
}

function rows(found: readonly Fields[]): string {
  if (found.length === 0) return "no thread\n";
  const cells = found.map((one) => [
    ...["principal", "turns", "thread"].map((key) => safeLine(wordOf(one, key))),
    safeLine(cut(wordOf(one, "summary"), 80)),
  ]);
  return table(["OWNER", "TURNS", "THREAD", "SUMMARY"], cells);
}
