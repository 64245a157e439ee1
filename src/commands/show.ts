/**
 * `con show ID`: one task, its record and its answer; or where it is while there is no answer.
 * Reads only.
 */
import { join } from "node:path";
import type { SystemRuntime } from "../config/runtime.ts";
import { nodeDisk } from "../system/disk.ts";
import { exit } from "../system/errors.ts";
import type { TaskRecord } from "../task/task.ts";
import { type Answer, readAnswer } from "./shared/answer.ts";
import { type Found, findTask, stateOf, type TaskState } from "./shared/find.ts";
import { type Io, paint, processIo } from "./shared/io.ts";
import { newCommand, parse } from "./shared/parse.ts";
import { type HeldQuestion, questionOf } from "./shared/questions.ts";
import { loadSystem } from "./shared/system.ts";
import { duration, safeJson, safeLine, safeText } from "./shared/text.ts";
import { type Wait, waitsOf, waitText } from "./shared/waits.ts";

const example = `ID is a task id, a beginning of one that fits only one task, or the name of the dropped file.
Without an answer yet, the state says where the task is: pending, active, deferred (until), held,
corrupt, failed.

Keys of --json: id, agent, state, retry_at, waits_for [{id, from, until, why}] (for held tasks), question (what a
held task asks people: {id, agent, task, asked, until, why, question}, or null), record (as in outbox/ID.json,
or null), answer, path.

Example:
  con show hello
  con show 0198f3c2-8a7e --json | jq -r .answer`;

/** Keys of `con show --json`: public interface, change only by adding. */
interface View {
  readonly id: string;
  readonly agent: string;
  readonly state: TaskState;
  /** RFC 3339, for deferred tasks. */
  readonly retry_at: string | null;
  /** What a held task waits for; null for other tasks, or where the caller may not look. */
  readonly waits_for: readonly Wait[] | null;
  /** What a held task asks people. */
  readonly question: HeldQuestion | null;
  readonly record: TaskRecord | null;
  readonly answer: string | null;
  /** Where the answer, or the task, lies. */
  readonly path: string;
}

export async function run(argv: string[], io: Io = processIo()): Promise<number> {
  const command = newCommand("show", "Show one task: its record and its answer.", example)
    .argument("<id>", "which task")
    .option("--json", "print JSON");
  if (parse(command, argv, io) === "help") return exit.ok;
  const system = loadSystem(io.env).runtime;
  const found = findTask(nodeDisk, system, command.args[0] ?? "");
  const answer = readAnswer(nodeDisk, system, found.agent, found.id);
  const view = viewOf(system, found, answer);
  if (command.opts<{ json?: boolean }>().json) io.out(safeJson(view));
  else print(io, view);
  return exit.ok;
}

function viewOf(system: SystemRuntime, found: Found, answer: Answer | null): View {
  return {
    id: found.id,
    agent: found.agent.name,
    state: stateOf(found, answer),
    retry_at: found.place === "deferred" ? retryTime(found) : null,
    waits_for: found.place === "held" ? waitsOf(nodeDisk, system, found.agent, found.id) : null,
    question: found.place === "held" ? questionOf(nodeDisk, system, found.agent, found.id) : null,
    record: answer?.record ?? null,
    answer: answer?.text ?? null,
    path: answer?.path ?? join(found.directory, `${found.id}${found.suffix}`),
  };
}

/** The retry time is the modification time (spool protocol); null when it just left. */
function retryTime(found: Found): string | null {
  try {
    const status = nodeDisk.lstat(join(found.directory, `${found.id}.task`));
    return new Date(Number(status.mtimeMs)).toISOString();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function print(io: Io, view: View): void {
  const lines: [string, string][] = [
    ["task", view.id],
    ["agent", view.agent],
    ["state", view.state],
  ];
  if (view.retry_at !== null) lines.push(["retry at", view.retry_at]);
  for (const wait of view.waits_for ?? []) lines.push(["held", waitText(wait)]);
  if (view.record !== null) lines.push(...recordLines(view.record));
  lines.push([view.answer === null ? "lies in" : "answer in", view.path]);
  for (const [key, value] of lines)
    io.out(`${paint(io, "dim", `${key}:`.padEnd(12))}${safeLine(value)}\n`);
  if (view.question !== null) io.out(`\n${safeText(view.question.question)}`);
  if (view.answer !== null) io.out(`\n${safeText(view.answer)}`);
}

const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? "" : "s"}`;

function recordLines(record: TaskRecord): [string, string][] {
  const { input, output } = record.tokens;
  const took = Date.parse(record.finished_at) - Date.parse(record.started_at);
  const lines: [string, string][] = [
    ["from", `${record.from.name} (uid ${record.from.uid}, ${record.trust})`],
    ["received", record.received_at],
    [
      "finished",
      `${record.finished_at} (${duration(took)}, ${counted(record.attempts, "attempt")})`,
    ],
    ["model", `${record.model ?? "none"}, ${counted(record.steps, "step")}`],
    ["tokens", `${input} in, ${output} out, ${record.cost_usd} USD`],
  ];
  if (record.thread !== null) lines.push(["thread", record.thread]);
  if (record.children.length > 0) lines.push(["children", record.children.join(", ")]);
  if (record.error !== null) lines.push(["error", record.error]);
  for (const { name, state, found } of record.checks ?? [])
    lines.push(["check", `${state}, ${name}: ${found}`]);
  return lines;
}
