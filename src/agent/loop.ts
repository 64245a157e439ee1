/**
 * The loop: model, tools, model, until there is an answer. Task in, `Outcome` out.
 *
 * Never: throws; repeats a completed call; acts before the journal has the intent on disk. It knows
 * no queue, no user and no unit. A crash anywhere leaves a journal from which the same call of
 * `runTask` goes on.
 */

import type { ModelError, ModelReply } from "../model/types.ts";
import type { Outcome, Task } from "../task/task.ts";
import type { ModelUsage } from "../tools/result.ts";
import { receive } from "./ask.ts";
import type { Section } from "./background.ts";
import { brake, isStopped, type Ways } from "./brakes/brake.ts";
import { escalates, lookFirst, poorEnd, ruleWords } from "./cascade/act.ts";
import { judgeByChecks, refusedChecks, withChecks } from "./completion.ts";
import { handOver } from "./context/compact.ts";
import { hasRoomAfter, makeRoom } from "./context/fit.ts";
import { hasWoken, heldOutcome } from "./held.ts";
import { failed, modelRemedy } from "./limits.ts";
import { promptMessages } from "./prompt.ts";
import {
  type Completion,
  createRun,
  JournalTrouble,
  type Run,
  type RunDeps,
  type RunOptions,
} from "./run.ts";
import { isRefusedSpending, judgeHeldCall, waitForMoney } from "./spend.ts";
import type { Turn } from "./state.ts";
import { mended } from "./toolbox/effective.ts";
import { finishTurn } from "./turn.ts";
import { addUsage } from "./usage.ts";
import { uniqueIds } from "./wire.ts";

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
  if (isRefusedSpending(run) || isStopped(run)) return final;
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
  if (run.state.messages.length === 0) await writePrompt(run, deps);
  await handOver(run);
  for (;;) {
    if (run.state.turn !== null) await finishTurn(run, run.state.turn);
    if (run.state.turn !== null) return waiting(run, run.state.turn);
    const held = await judgeHeldCall(run, () => stopped(run));
    if (held !== null) return held;
    escalates(run);
    const { completion } = run.options;
    const end = completion === null ? judgeAnswer(run) : await judgeChecked(run, completion);
    const stop = end ?? stopped(run) ?? outOfSteps(run);
    if (stop !== null) return stop;
    const words = await ruleWords(run);
    if (words !== null) {
      takeReply(run, run.state.tally.steps + 1, words);
      continue;
    }
    const outcome = (await brake(run, waysOf(run))) ?? (await askModel(run));
    if (outcome !== null) return outcome;
  }
}

const waysOf = (run: Run): Ways => ({
  stopped: () => stopped(run),
  failed: (error) => endBy(run, run.state.tally.steps + 1, error),
});

/** The turn is still open, and everything that could be done for it is done. */
function waiting(run: Run, turn: Turn): Outcome {
  // Told to stop before what came back could be looked at: the next attempt does.
  const stop = hasWoken(run, turn) ? stopped(run) : null;
  return stop ?? heldOutcome(turn, run.state.tally);
}

async function writePrompt(run: Run, deps: RunDeps): Promise<void> {
  const { persona, textPath, background } = run.options;
  const nonce = deps.nonce();
  const { context } = run.window;
  const known = background?.() ?? [];
  const { sections, reply } = await lookFirst(run, known);
  const all = [...known, ...sections];
  const messages = promptMessages(persona, run.task, textPath, nonce, context, all);
  const doubt = all.some(({ untrusted }) => untrusted === true)
    ? ({ untrusted: true } as const)
    : {};
  const usage = usageOf(all);
  run.record({ kind: "prompt", nonce, messages, ...doubt, ...usage, at: run.now() });
  if (reply !== null) takeReply(run, 1, reply);
}

/** What it cost to know what the agent knows. */
function usageOf(sections: readonly Section[]): { readonly usage?: ModelUsage } {
  const all = sections.flatMap(({ usage }) => usage ?? []);
  return all.length === 0 ? {} : { usage: all.reduce(addUsage) };
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
async function askModel(run: Run, isRepeat = false): Promise<Outcome | null> {
  const step = run.state.tally.steps + 1;
  const room = await makeRoom(run);
  const end = room.kind === "end" ? room.outcome : stopped(run);
  if (end !== null) return end;
  if (room.kind === "error") return endBy(run, step, room.error);
  run.record({ kind: "model-intent", step, at: run.now() });
  run.commit();
  const answer = await receive(run);
  if (answer.kind === "reply") {
    takeReply(run, step, await mended(answer.reply));
    return null;
  }
  const stop = stopped(run);
  if (stop !== null) return stop;
  if (answer.kind === "too-long") return poorEnd(run) ?? tooLong(run, answer.text);
  const { error } = answer;
  if (error.needs === undefined) {
    const temporary = error.kind === "temporary";
    run.record({ kind: "model-error", step, temporary, why: error.message, at: run.now() });
    if (!isRepeat && (await hasRoomAfter(run, error))) return askModel(run, true);
  }
  return endBy(run, step, error);
}

const endBy = (run: Run, step: number, error: ModelError): Outcome | Promise<Outcome | null> =>
  poorEnd(run) ??
  (error.needs === undefined ? modelFailed(run, error) : waitForMoney(run, step, error.needs));

function tooLong(run: Run, text: string): Outcome {
  const limit = run.options.limits.answerChars;
  const why = `the answer became longer than ${limit} characters`;
  const outcome = failed(run.state, why, "Ask for a shorter answer, or for a file.");
  if (outcome.kind !== "failed") return outcome;
  return { ...outcome, answer: `${outcome.answer}\n\nThe answer began:\n${text.slice(0, limit)}` };
}

function takeReply(run: Run, step: number, reply: ModelReply): void {
  run.meter.heard(reply.usage.input);
  run.record({
    kind: "model-result",
    step,
    text: reply.text,
    toolCalls: uniqueIds(run.state.messages, step, reply.toolCalls),
    model: reply.model,
    usage: reply.usage,
    costUsd: reply.costUsd,
    ...(reply.warned === true ? { warned: true } : {}),
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

function modelFailed(run: Run, error: ModelError): Outcome {
  if (error.kind !== "temporary")
    return failed(run.state, `the model refused: ${error.message}`, modelRemedy(error));
  const { retryAfterSeconds: seconds } = error;
  return {
    kind: "defer",
    why: error.status === 402 ? error.message : `the model is away: ${error.message}`,
    notBefore: seconds === null ? null : Date.parse(run.now()) + seconds * 1000,
    tally: run.state.tally,
  };
}
