/**
 * Brakes of a task that makes call after call: a look back now and then, and at the end people decide.
 *
 * Calls are counted since the sender's last word, in the state that the journal folds into: neither a compaction nor a
 * crash begins the count anew, people's word does. The summary is asked for once and on disk before people are asked;
 * asked twice after a crash, whoever asks them must take it as one question. Never: goes on without their word, or
 * takes the end of their time for a yes.
 */
import { collect } from "../../model/collect.ts";
import type { ModelError } from "../../model/types.ts";
import type { Woken } from "../../task/hold.ts";
import type { HeldOutcome, Outcome } from "../../task/task.ts";
import { makeRoom } from "../context/fit.ts";
import { faultOf, wokenOf } from "../held.ts";
import type { Run } from "../run.ts";
import { noUsage } from "../usage.ts";
import type { ContinueVerdict } from "./ask-continue.ts";
import type { BrakeHeld } from "./lines.ts";
import { goOnText, ownSummary, reviewText, summaryRequest } from "./words.ts";

/** What the loop does with these. */
export interface Ways {
  readonly stopped: () => Outcome | null;
  readonly failed: (error: ModelError) => Outcome | null | Promise<Outcome | null>;
}

/** Before each model call. An outcome ends the attempt; null means that the loop goes on. */
export async function brake(run: Run, ways: Ways): Promise<Outcome | null> {
  const { brakes: limits } = run.options.limits;
  const { toolCalls, brakes } = run.state;
  if (brakes.hold !== null) return afterHold(run, brakes.hold, ways);
  if (limits === undefined) return null;
  if (toolCalls >= limits.askAfter) return stop(run, ways);
  if (toolCalls - brakes.reviewed >= limits.reviewEvery)
    run.record({ kind: "review", calls: toolCalls, text: reviewText(toolCalls), at: run.now() });
  return null;
}

const numberOf = (run: Run): number => run.state.brakes.passed + 1;
const callIdOf = (n: number): string => `${n}-continue`;

async function stop(run: Run, ways: Ways): Promise<Outcome | null> {
  if (run.state.brakes.summary === null) {
    const end = await sumUp(run, ways);
    if (end !== null) return end;
  }
  // An answer may have overtaken a crash; the end of an earlier wait says nothing about this one.
  const before = wokenOf(run, callIdOf(numberOf(run)));
  const verdict = await ask(run, before === null ? null : { ...before, over: null });
  if (verdict.kind !== "wait") return follow(run, verdict);
  const n = numberOf(run);
  const fault = faultOf(run, callIdOf(n), verdict.hold);
  if (fault !== null) return ended(run, fault);
  const line: BrakeHeld = { kind: "brake-hold", n, ...verdict.hold, at: run.now() };
  run.record(line);
  return heldBy(run, line);
}

async function afterHold(run: Run, held: BrakeHeld, ways: Ways): Promise<Outcome | null> {
  const woken = wokenOf(run, callIdOf(held.n));
  if (woken === null) return heldBy(run, held);
  const end = ways.stopped();
  if (end !== null) return end;
  const verdict = await ask(run, woken);
  return verdict.kind === "wait" ? ended(run, "nobody answered") : follow(run, verdict);
}

const ask = (run: Run, woken: Woken | null): Promise<ContinueVerdict> => {
  const n = numberOf(run);
  const { toolCalls: calls, retries, brakes } = run.state;
  const summary = brakes.summary ?? "";
  return run.askToContinue({ n, calls, summary, callId: callIdOf(n), retries, woken });
};

function follow(
  run: Run,
  verdict: Exclude<ContinueVerdict, { readonly kind: "wait" }>,
): Outcome | null {
  const { toolCalls, tally } = run.state;
  if (verdict.kind === "later") return { kind: "defer", why: verdict.why, notBefore: null, tally };
  if (verdict.kind === "no") return ended(run, verdict.why);
  const text = goOnText(toolCalls, verdict.words);
  run.record({ kind: "brake-end", n: numberOf(run), text, at: run.now() });
  return null;
}

function ended(run: Run, reason: string): Outcome {
  const { toolCalls, brakes, tally } = run.state;
  const why = `it was stopped after ${toolCalls} tool calls: ${reason}`;
  const answer = `This task failed: ${why}.\n\nWhere it stands:\n\n${brakes.summary ?? ""}`;
  return { kind: "failed", why, answer, tally };
}

/** The end was a no, and only its settling is missing: a crash is no reason to ask once more. */
export const isStopped = (run: Run): boolean => {
  const { hold } = run.state.brakes;
  return hold !== null && wokenOf(run, callIdOf(hold.n)) !== null;
};

function heldBy(run: Run, { n, waitFor, until, why, question }: BrakeHeld): HeldOutcome {
  const asked = question === undefined ? {} : { question };
  const holds = [{ call: callIdOf(n), waitFor, until, why, ...asked }];
  return { kind: "held", holds, waitFor, until, why, tally: run.state.tally };
}

/** Asked once, and no call of it is made. What keeps the model from working for a while keeps it from this, too. */
async function sumUp(run: Run, ways: Ways): Promise<Outcome | null> {
  const { toolCalls: calls, said } = run.state;
  const n = numberOf(run);
  const room = await makeRoom(run);
  const end = room.kind === "end" ? room.outcome : ways.stopped();
  if (end !== null) return end;
  if (room.kind === "error") return ways.failed(room.error);
  run.record({ kind: "brake-intent", n, calls, at: run.now() });
  run.commit();
  const answer = await collect(
    run.model,
    {
      model: run.options.model,
      messages: [...run.state.messages, { role: "user", content: summaryRequest(calls) }],
      // Some providers refuse a conversation with calls where no tools are named; one that is made now is left alone.
      tools: run.specs,
      taskId: run.task.id,
    },
    { signal: run.signal, answerChars: run.options.limits.answerChars },
  );
  const stop = answer.kind === "reply" ? null : ways.stopped();
  if (stop !== null) return stop;
  if (answer.kind === "error" && mayPass(answer.error)) return ways.failed(answer.error);
  const reply = answer.kind === "reply" ? answer.reply : null;
  const text = (reply?.text ?? (answer.kind === "too-long" ? answer.text : "")).trim();
  const why = answer.kind === "error" ? answer.error.message : "it said nothing";
  run.record({
    kind: "brake-summary",
    n,
    text: (text === "" ? ownSummary(calls, said, why) : text).slice(0, maxSummary).toWellFormed(),
    model: text === "" ? null : (reply?.model ?? null),
    usage: reply?.usage ?? { input: noUsage.input, output: noUsage.output },
    costUsd: reply?.costUsd ?? 0,
    at: run.now(),
  });
  run.commit();
  return null;
}

const maxSummary = 16_384;

const mayPass = ({ kind, needs }: ModelError): boolean =>
  kind === "temporary" || needs !== undefined;
