/**
 * A model call that may not be paid for yet: people are asked, the task waits, and the same call is made again.
 *
 * The gateway decides whether it is paid for; what came back here only says whether to ask it again. Asked twice
 * after a crash, whoever asks the people must take it as one question. Never: makes the call again after a no,
 * or takes the end of the time for a yes.
 */
import type { SpendNeed } from "../model/types.ts";
import type { HeldOutcome, Outcome } from "../task/task.ts";
import type { SpendVerdict } from "./ask-spending.ts";
import { faultOf, wokenOf } from "./held.ts";
import type { ModelHeld } from "./journal.ts";
import { failed } from "./limits.ts";
import type { Run } from "./run.ts";

const modelCallId = (step: number): string => `${step}-model`;

/** After a refusal of the gateway; nothing was spent. */
export async function waitForMoney(
  run: Run,
  step: number,
  need: SpendNeed,
): Promise<Outcome | null> {
  const callId = modelCallId(step);
  const before = wokenOf(run, callId);
  // The end of an earlier wait says nothing about this one; an answer may have overtaken a crash.
  const woken = before === null ? null : { ...before, over: null };
  const { retries } = run.state;
  const verdict = await run.askSpending({ need, callId, retries, woken });
  // The answer was a yes, and the gateway refuses all the same: no reason to ask it for ever.
  if (verdict.kind === "go") return refused(run, need, "it was approved, and still refused");
  if (verdict.kind !== "wait") return endOf(run, need, verdict);
  const fault = faultOf(run, callId, verdict.hold);
  if (fault !== null) return refused(run, need, fault);
  const { waitFor, until, why } = verdict.hold;
  const line: ModelHeld = { kind: "model-hold", step, need, waitFor, until, why, at: run.now() };
  run.record(line);
  return heldBy(run, line);
}

/** The fate of a call that waits; null when it is to be made now. `stopped`: told to end. */
export async function judgeHeldCall(
  run: Run,
  stopped: () => Outcome | null,
): Promise<Outcome | null> {
  const held = run.state.modelHold;
  if (held === null) return null;
  const callId = modelCallId(held.step);
  const woken = wokenOf(run, callId);
  if (woken === null) return heldBy(run, held);
  const stop = stopped();
  if (stop !== null) return stop;
  const { need } = held;
  const { retries } = run.state;
  const verdict = await run.askSpending({ need, callId, retries, woken });
  if (verdict.kind === "wait") return refused(run, need, "nobody answered what was asked");
  return verdict.kind === "go" ? null : endOf(run, need, verdict);
}

/** The end was a no, and only its settling is missing: a crash is no reason to ask once more. */
export const isRefusedSpending = (run: Run): boolean => {
  const held = run.state.modelHold;
  return held !== null && wokenOf(run, modelCallId(held.step)) !== null;
};

function heldBy(run: Run, { step, waitFor, until, why }: ModelHeld): HeldOutcome {
  const holds = [{ call: modelCallId(step), waitFor, until, why }];
  return { kind: "held", holds, waitFor, until, why, tally: run.state.tally };
}

function endOf(
  run: Run,
  need: SpendNeed,
  verdict: Extract<SpendVerdict, { readonly kind: "later" | "no" }>,
): Outcome {
  const { tally } = run.state;
  if (verdict.kind === "no") return refused(run, need, verdict.why);
  return { kind: "defer", why: verdict.why, notBefore: null, tally };
}

const refused = (run: Run, need: SpendNeed, why: string): Outcome =>
  failed(run.state, `${wish(need)} was not approved: ${why}`, spentSoFar(run, need));

/** `spending another 0.50 USD (beyond 1.00 USD)`. */
function wish({ unit, limit, allowed, slice }: SpendNeed): string {
  const more = amount(unit, limit * (slice - allowed));
  return `spending another ${more} (beyond ${amount(unit, limit * (1 + allowed))})`;
}

/** Calls that failed were perhaps paid for too, so the gateway's sum comes first. */
function spentSoFar(run: Run, { unit, spent, agent, task }: SpendNeed): string {
  const { steps, tokens } = run.state.tally;
  const whose = task === run.task.id ? "on this task" : `on task ${task} of ${agent}`;
  const used = amount("tokens", tokens.input + tokens.output);
  const calls = steps === 1 ? "one model call" : `${steps} model calls`;
  return `Spent ${whose}: ${amount(unit, spent)}. Its own answers: ${used} in ${calls}.`;
}

/** Cents, and more digits only where cents would show nothing. */
const amount = (unit: SpendNeed["unit"], value: number): string =>
  unit === "tokens"
    ? `${Math.round(value)} tokens`
    : `${value !== 0 && value < 0.1 ? String(Number(value.toPrecision(2))) : value.toFixed(2)} USD`;
