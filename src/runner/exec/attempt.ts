/**
 * One attempt at a task by a program: what it prints is the answer, how it ends is the fate of the task.
 *
 * It runs where the commands of an agent run: in the sandbox, with the workspace and the grants, without the state,
 * the inbox and con's sockets. Never: returns while a process of it is alive. After a crash of ours the kernel kills the
 * program, and the next attempt starts it anew: it may see the same task more than once. An end that the journal has is
 * settled without another start.
 */
import { randomBytes } from "node:crypto";
import { withChecks } from "../../agent/completion.ts";
import type { ExecLine } from "../../agent/exec-line.ts";
import type { JournalLine } from "../../agent/journal.ts";
import { failed } from "../../agent/limits.ts";
import { advance, fold } from "../../agent/resume.ts";
import type { Completion } from "../../agent/run.ts";
import type { RunState } from "../../agent/state.ts";
import type { ExecRunner } from "../../config/types.ts";
import type { Outcome, Task } from "../../task/task.ts";
import type { AttemptWorld } from "../attempt-world.ts";
import { endText, judge } from "./judge.ts";
import { runProgram } from "./program.ts";

export interface Desk {
  /** What the journal of this task holds already. */
  readonly lines: readonly JournalLine[];
  /** On disk when it returns. Throws when it cannot. */
  readonly append: (lines: readonly JournalLine[]) => void;
  readonly signal: AbortSignal;
  /** Null: the program's word is enough. */
  readonly completion: () => Promise<Completion | null>;
}

/** Failures that are taken back, as in the loop. */
const maxRetries = 5;

export async function attemptByProgram(
  world: AttemptWorld,
  runner: ExecRunner,
  task: Task,
  desk: Desk,
): Promise<Outcome> {
  const book = createBook(world, desk);
  const { final, retries } = book.state();
  if (final !== null && (final.kind !== "failed" || retries >= maxRetries)) return final;
  if (final !== null) book.write({ kind: "retry", at: book.at() });
  book.write({ kind: "attempt", at: book.at() });
  const { runtimeSeconds } = world.agent.limits;
  const deadline = world.clock.deadline(runtimeSeconds * 1000);
  try {
    const completion = await desk.completion();
    const refusal = completion?.refusal ?? null;
    const reached =
      refusal === null
        ? await run(world, runner, task, { ...desk, book, deadline: deadline.signal })
        : failed(book.state(), refusal, "Send the task again with other checks, or without.");
    const signal = AbortSignal.any([desk.signal, deadline.signal]);
    const checked = await check(book, completion, reached, { signal, stop: desk.signal });
    const outcome = withChecks(book.state(), checked);
    if (outcome.kind !== "defer") book.write({ kind: "final", outcome, at: book.at() });
    return outcome;
  } finally {
    deadline.clear();
  }
}

export interface Book {
  readonly state: () => RunState;
  readonly at: () => string;
  readonly write: (line: JournalLine) => void;
  readonly tell: (event: ExecLine["event"], text: string, call?: Partial<ExecLine>) => void;
  readonly steps: () => number;
}

function createBook({ clock }: AttemptWorld, { lines, append }: Desk): Book {
  let state = fold(lines);
  const at = (): string => new Date(clock.now()).toISOString();
  const write = (line: JournalLine): void => {
    append([line]);
    state = advance(state, line);
  };
  return {
    state: () => state,
    at,
    write,
    steps: () => state.steps,
    tell: (event, text, call = {}) => write({ kind: "exec", event, text, ...call, at: at() }),
  };
}

interface Running extends Desk {
  readonly book: Book;
  readonly deadline: AbortSignal;
}

async function run(
  world: AttemptWorld,
  runner: ExecRunner,
  task: Task,
  { book, deadline, signal, lines }: Running,
): Promise<Outcome> {
  book.tell("start", runner.argv[0]);
  const attempt = 1 + lines.filter(({ kind }) => kind === "attempt").length;
  const nonce = randomBytes(16).toString("hex");
  const ended = await runProgram(world, runner, task, { book, deadline, signal, attempt, nonce });
  book.tell("end", endText(ended));
  return judge(book.state(), ended, { seconds: world.agent.limits.runtimeSeconds });
}

/** Made once: a program that is not done is not told why and asked again. */
async function check(
  book: Book,
  completion: Completion | null,
  outcome: Outcome,
  { signal, stop }: { readonly signal: AbortSignal; readonly stop: AbortSignal },
): Promise<Outcome> {
  if (completion === null || outcome.kind !== "done") return outcome;
  book.write({ kind: "check-intent", round: 1, at: book.at() });
  const results = await completion.evaluate(outcome.answer, signal);
  const isPassed = results.every(({ state }) => state === "pass");
  if (!isPassed && stop.aborted)
    return { kind: "defer", why: "the run was stopped", notBefore: 0, tally: outcome.tally };
  book.write({ kind: "check-result", round: 1, results, text: null, at: book.at() });
  if (!isPassed)
    return failed(
      book.state(),
      "its completion checks did not pass",
      "Look at what the checks found; con retry starts the program anew.",
    );
  return { ...outcome, answer: completion.publish?.(outcome.answer) ?? outcome.answer };
}
