/**
 * One attempt at the long task, in a process that may be killed.
 *
 * Usage: node long-drive.ts DIRECTORY STEPS WINDOW. Writes to DIRECTORY: the journal, `calls` (a line for each call of
 * the tool), `requests` (a line for each request), `answer` at the end.
 */
import fs from "node:fs";
import { join } from "node:path";
import { loadCounter } from "../../../src/agent/context/tokens.ts";
import { runTask } from "../../../src/agent/loop.ts";
import type { RunOptions } from "../../../src/agent/run.ts";
import type { Message } from "../../../src/model/types.ts";
import { openJournal } from "../../../src/runner/journal-file.ts";
import { nodeDisk } from "../../../src/system/disk.ts";
import { faultsOf, isPrefix, tokensIn } from "../strict-provider.ts";
import { ledgerModel, ledgerTool } from "./long.ts";
import { aTask } from "./scripted.ts";

const [directory = "", steps = "300", window = "16384"] = process.argv.slice(2);
const count = await loadCounter();
const log = (file: string, line: unknown): void =>
  fs.appendFileSync(join(directory, file), `${JSON.stringify(line)}\n`);

let last: readonly Message[] | null = null;
const model = ledgerModel(Number(steps), (request) => {
  const isTask = request.form === undefined;
  const stable = !isTask || last === null || isPrefix(last, request.messages);
  if (isTask) last = request.messages;
  log("requests", { tokens: tokensIn(request, count), faults: faultsOf(request), stable });
});

const task = aTask("Add up the ledger.");
const journal = openJournal(nodeDisk, join(directory, "journal"), task.id);
if (!journal.ok) throw new Error(journal.why);
const options = {
  history: journal.lines,
  persona: {
    name: "clerk",
    system: "test",
    instructions: "Be exact.",
    skills: [],
    workspace: directory,
    readable: [],
    writable: [],
  },
  textPath: null,
  model: "clerk",
  window: { context: Number(window), output: null },
  limits: { steps: 10_000, runtimeSeconds: 600, answerChars: 10_000, callsPerTurn: 8 },
  context: {} as RunOptions["context"],
  completion: null,
  signal: new AbortController().signal,
};
const outcome = await runTask(
  {
    model,
    tools: [ledgerTool((n) => log("calls", n))],
    validate: () => null,
    journal: journal.writer,
    clock: {
      now: Date.now,
      deadline: () => ({ signal: new AbortController().signal, clear: () => undefined }),
    },
    nonce: () => "00112233445566778899aabbccddeeff",
    keep: async (batch) => log("kept", batch),
  },
  task,
  options,
);
fs.writeFileSync(join(directory, "answer"), JSON.stringify(outcome));
