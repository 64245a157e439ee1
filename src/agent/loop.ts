/**
 * The loop: model, tools, model, until there is an answer. Task in, `Outcome` out.
 *
 * Never: throws; repeats a completed call; acts before the journal has the intent on disk. It knows
 * no queue, no user and no unit. A crash anywhere leaves a journal from which the same call of
 * `runTask` goes on.
 */
import type { ModelError, ModelReply, ToolCall } from "../model/types.ts";
import type { Outcome, Task } from "../task/task.ts";
import { receive } from "./ask.ts";
import { judgeByChecks, refusedChecks, withChecks } from "./completion.ts";
import { hasWoken, heldOutcome } from "./held.ts";
import { failed, modelRemedy } from "./limits.ts";
import { promptMessages } from "./prompt.ts";
import type { Turn } from "./resume.ts";
import {
  type Completion,
  createRun,
  JournalTrouble,
  type Run,
  type RunDeps,
  type RunOptions,
} from "./run.ts";
import { finishTurn } from "./turn.ts";

/** One attempt at `task`. Goes on where `options.history` ends. */
export async function runTask(deps: RunDeps, task: Task, options: RunOptions): Promise<Outcome> {
  const deadline = deps.clock.deadline(options.limits.runtimeSeconds * 1000);
  const run = createRun(deps, task, options, deadline.signal);
  try {
    return earlierEnd(run) ?? conclude(run, refusedChecks(run) ?? (await attempt(run, deps)));
  } catch (error) {
    return afterThrow(run, error);
  } finally {
    deadline.clear();
  }
}

/** Failures that are taken back; beyond it, something keeps us from settling, and not the task. */
const maxRetries = 5;

/**
 * An end that an earlier attempt wrote down. A failed task that is attempted once more was retried by
 * a person, or a crash kept it from being settled; either way it may as well succeed now.
 */
function earlierEnd(run: Run): Outcome | null {
  const { final, retries } = run.state;
  if (final?.kind !== "failed" || retries >= maxRetries) return final;
  run.record({ kind: "retry", at: run.now() });
  return null;
}

function afterThrow(run: Run, error: unknown): Outcome {
  const why = error instanceof Error ? error.message : String(error);
  // Perhaps the disk is full: the task stays where it is, and waits.
  if (error instanceof JournalTrouble)
    return { kind: "defer", why, notBefore: null, tally: run.state.tally };
  return failed(run.state, `internal error: ${why}`, "This is a bug in con. Please report it.");
}

/** An end is written down, so that a crash before settling finds it and asks no model again. */
function conclude(run: Run, reached: Outcome): Outcome {
  const outcome = withChecks(run.state, reached);
  if (outcome.kind !== "defer" && outcome.kind !== "held")
    run.record({ kind: "final", outcome, at: run.now() });
  run.commit();
  return outcome;
}

async function attempt(run: Run, deps: RunDeps): Promise<Outcome> {
  run.record({ kind: "attempt", at: run.now() });
  if (run.state.messages.length === 0) writePrompt(run, deps);
  for (;;) {
    if (run.state.turn !== null) await finishTurn(run, run.state.turn);
    if (run.state.turn !== null) return waiting(run, run.state.turn);
    const { completion } = run.options;
    const end = completion === null ? judgeAnswer(run) : await judgeChecked(run, completion);
    const stop = end ?? stopped(run) ?? outOfSteps(run);
    if (stop !== null) return stop;
    const outcome = await askModel(run);
    if (outcome !== null) return outcome;
  }
}

/** The turn is still open, and everything that could be done for it is done. */
function waiting(run: Run, turn: Turn): Outcome {
  // Told to stop before what came back could be looked at: the next attempt does.
  const stop = hasWoken(run, turn) ? stopped(run) : null;
  return stop ?? heldOutcome(turn, run.state.tally);
}

function writePrompt(run: Run, deps: RunDeps): void {
  const { persona, textPath } = run.options;
  const nonce = deps.nonce();
  const messages = promptMessages(persona, run.task, textPath, nonce, new Date(deps.clock.now()));
  run.record({ kind: "prompt", nonce, messages, at: run.now() });
}

/** Told to stop, or out of time; null while none of it. */
function stopped(run: Run): Outcome | null {
  if (!run.signal.aborted) return null;
  const { signal, limits } = run.options;
  // Cancelled or shut down: whoever aborted knows which. No end is written, so it can go on later.
  if (signal.aborted)
    return { kind: "defer", why: "the run was stopped", notBefore: 0, tally: run.state.tally };
  const why = `it took longer than ${limits.runtimeSeconds} s`;
  return failed(run.state, why, "Ask for less at once, or raise limits.runtime of the agent.");
}

function outOfSteps(run: Run): Outcome | null {
  const { steps } = run.options.limits;
  if (run.state.steps < steps) return null;
  const why = `it was not finished after ${steps} steps`;
  return failed(run.state, why, "Ask for less at once, or raise limits.steps of the agent.");
}

/** One model call. An outcome ends the task; null means that the loop goes on. */
async function askModel(run: Run): Promise<Outcome | null> {
  const step = run.state.tally.steps + 1;
  run.record({ kind: "model-intent", step, at: run.now() });
  run.commit();
  const answer = await receive(run);
  if (answer.kind === "reply") {
    takeReply(run, step, answer.reply);
    return null;
  }
  const stop = stopped(run);
  if (stop !== null) return stop;
  return answer.kind === "too-long"
    ? tooLong(run, answer.text)
    : modelFailed(run, step, answer.error);
}

function tooLong(run: Run, text: string): Outcome {
  const limit = run.options.limits.answerChars;
  const why = `the answer became longer than ${limit} characters`;
  const outcome = failed(run.state, why, "Ask for a shorter answer, or for a file.");
  if (outcome.kind !== "failed") return outcome;
  return { ...outcome, answer: `${outcome.answer}\n\nThe answer began:\n${text.slice(0, limit)}` };
}

function takeReply(run: Run, step: number, reply: ModelReply): void {
  run.record({
    kind: "model-result",
    step,
    text: reply.text,
    toolCalls: uniqueIds(run, step, reply.toolCalls),
    model: reply.model,
    usage: reply.usage,
    costUsd: reply.costUsd,
    at: run.now(),
  });
}

/** Also after a crash between the answer and the line that ends the task: it is not asked for again. */
function judgeAnswer(run: Run): Outcome | null {
  const { answer, nudged, tally } = run.state;
  if (answer === null) return null;
  if (answer.trim() !== "") return { kind: "done", answer, tally };
  if (nudged)
    return failed(
      run.state,
      "the model gave an empty answer twice",
      "Try again, or another model.",
    );
  const text = "Your last message was empty. Go on with the task, or answer it now.";
  run.record({ kind: "note", step: tally.steps, text, at: run.now() });
  return null;
}

/** With completion checks an answer is not the end until they pass; an empty one is not checked. */
async function judgeChecked(run: Run, completion: Completion): Promise<Outcome | null> {
  const end = judgeAnswer(run);
  return end?.kind === "failed" ? end : judgeByChecks(run, completion);
}

/** Some providers give no ids, or the same in every turn; a result must name exactly one call. */
function uniqueIds(run: Run, step: number, calls: readonly ToolCall[]): ToolCall[] {
  const used = new Set(
    run.state.messages.flatMap((message) =>
      message.role === "assistant" ? (message.tool_calls ?? []).map(({ id }) => id) : [],
    ),
  );
  return calls.map((call, at) => {
    const id = call.id === "" || used.has(call.id) ? `call_${step}_${at + 1}` : call.id;
    used.add(id);
    return { ...call, id };
  });
}

function modelFailed(run: Run, step: number, error: ModelError): Outcome {
  const temporary = error.kind === "temporary";
  run.record({ kind: "model-error", step, temporary, why: error.message, at: run.now() });
  if (!temporary)
    return failed(run.state, `the model refused: ${error.message}`, modelRemedy(error));
  const { retryAfterSeconds: seconds } = error;
  return {
    kind: "defer",
    why: error.status === 402 ? error.message : `the model is away: ${error.message}`,
    notBefore: seconds === null ? null : Date.parse(run.now()) + seconds * 1000,
    tally: run.state.tally,
  };
}
