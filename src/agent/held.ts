/**
 * Calls of a turn that wait: the line that says so, the outcome of the attempt, and the result once the
 * waiting is over.
 *
 * Never: lets an answer look like part of the frame around it, or ends a wait by itself: what is over
 * is told by `RunOptions.woken`. The result is on disk before anything is done with it.
 */
import { type FramedAnswer, frameAnswer } from "../task/frame.ts";
import type { Hold, Woken } from "../task/hold.ts";
import type { HeldOutcome, Tally } from "../task/task.ts";
import type { Denial, ToolResult } from "../tools/result.ts";
import type { WokenCall } from "../tools/tool.ts";
import type { CallHeld } from "./journal.ts";
import { resultLine } from "./result.ts";
import type { Run } from "./run.ts";
import type { Turn } from "./state.ts";

/** Unique within the task: steps are never counted anew. */
export const callIdOf = (step: number, index: number): string => `${step}-${index}`;

export const holdLine = (
  run: Run,
  step: number,
  index: number,
  {
    waitFor,
    until,
    why,
    gate,
    sent,
    untrusted,
  }: Pick<CallHeld, "waitFor" | "until" | "why" | "gate" | "sent" | "untrusted">,
): CallHeld => ({
  kind: "tool-hold",
  step,
  index,
  waitFor,
  until,
  why,
  gate,
  sent,
  ...(untrusted === true ? { untrusted } : {}),
  at: run.now(),
});

export const wokenOf = (run: Run, call: string): Woken | null =>
  run.options.woken?.find((woken) => woken.call === call) ?? null;

/** True while a call still waits although its waiting is over. */
export const hasWoken = (run: Run, turn: Turn): boolean =>
  [...turn.holds.keys()].some((index) => wokenOf(run, callIdOf(turn.step, index)) !== null);

/** Why a hold makes no sense, or null. Without this, a gate could be woken again and again. */
export function faultOf(run: Run, call: string, hold: Hold, gate = true): string | null {
  if (hold.waitFor.length === 0) return "there is nothing to wait for";
  if (hold.until <= Date.parse(run.now())) return "there is no time left to wait";
  // An answer that overtook a crash is waited for all the same, and found at once.
  if (!gate) return null;
  const answers = wokenOf(run, call)?.answers ?? [];
  const again = hold.waitFor.some((id) => answers.some(({ to }) => to === id));
  return again ? "what it waits for was answered already" : null;
}

/** The result that a tool makes of what came back, or null: the answers are the result. */
type MakeResult = (index: number, woken: WokenCall) => Promise<ToolResult | null>;

/** Records what came back for tools; returns the calls whose gate is to be asked again. */
export async function settleWoken(run: Run, turn: Turn, make: MakeResult): Promise<number[]> {
  const gates: number[] = [];
  for (const [index, held] of turn.holds) {
    const woken = wokenOf(run, callIdOf(turn.step, index));
    if (woken === null) continue;
    // Told to stop: the call goes on waiting, so that what was decided about it is not wasted.
    if (held.gate && !run.signal.aborted) gates.push(index);
    if (held.gate) continue;
    const frame = (answer: FramedAnswer): string => frameAnswer(answer, run.nonce());
    const made = await make(index, { ...woken, frame });
    if (made === null) recordAnswers(run, turn.step, index, held, woken);
    else run.record(resultLine(run, turn, index, made));
  }
  return gates;
}

function recordAnswers(run: Run, step: number, index: number, held: CallHeld, woken: Woken): void {
  const missing = held.waitFor.filter((id) => !woken.answers.some(({ to }) => to === id));
  const over = `no answer: ${woken.over ?? "nothing more came"}. It is not waited for any more.`;
  const parts = woken.answers.map(({ from, id, text }) =>
    frameAnswer({ from, id, text }, run.nonce()),
  );
  const all = missing.length === 0;
  const denial = refusedBySteward(held, woken);
  run.record({
    kind: "tool-result",
    step,
    index,
    ok: all && denial === null,
    text: [...parts, ...(all ? [] : [over])].join("\n\n"),
    interrupted: false,
    sent: null,
    ...(denial === null ? {} : { denial }),
    ...(isStrange(held, woken) ? { untrusted: true } : {}),
    at: run.now(),
  });
}

/** People and the steward speak for themselves, unless what they bring is of agents. */
const isStrange = ({ untrusted }: CallHeld, { answers }: Woken): boolean =>
  answers.some(({ from, person }) => untrusted === true || (from !== "root" && person !== true));

const maxRule = 600;

/** The first line of its answers is one word. */
function refusedBySteward({ why }: CallHeld, { answers }: Woken): Denial | null {
  const answer = answers.find(({ from, text }) => from === "root" && /^refused(\n|$)/.test(text));
  if (answer === undefined) return null;
  const rule = answer.text.split("\n").slice(1).join(" ").trim().slice(0, maxRule).toWellFormed();
  const how = "ask for less, or let a person do it";
  return { code: "refused", asked: why, rule: `the steward: ${rule}`, how };
}

/** Of a turn with calls that wait, and no other that is open. */
export function heldOutcome(turn: Turn, tally: Tally): HeldOutcome {
  const holds = [...turn.holds].map(([index, { waitFor, until, why }]) => ({
    call: callIdOf(turn.step, index),
    waitFor,
    until,
    why,
  }));
  return {
    kind: "held",
    holds,
    waitFor: holds.flatMap(({ waitFor }) => waitFor),
    until: Math.min(...holds.map(({ until }) => until)),
    why: holds.map(({ why }) => why).join("; "),
    tally,
  };
}
