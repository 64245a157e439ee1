/** What follows from a goal: the state of each part, who is asked next, what an answer means. Pure. */
import type { HoldAnswer } from "../hold.ts";
import {
  type Attempt,
  type Cause,
  type End,
  type Goal,
  maxEscalations,
  type Part,
  type Target,
} from "./types.ts";

export type PartState = "waiting" | "ready" | "asked" | "done" | "blocked" | Cause;

/** `known`: of parts looked at on the way, each only once however many depend on it. */
export function stateOf(
  goal: Goal,
  part: Part,
  known: Map<string, PartState> = new Map(),
): PartState {
  const last = part.attempts.at(-1);
  if (last !== undefined && last.end === null) return "asked";
  if (last?.end?.kind === "done") return "done";
  if (last?.end != null) return nextTarget(part) === null ? last.end.kind : "ready";
  const needed = part.dependsOn.map((id) => stateById(goal, id, known));
  if (needed.every((state) => state === "done")) return "ready";
  return needed.some((state) => state === null || isLost(state)) ? "blocked" : "waiting";
}

const isLost = (state: PartState): boolean =>
  state === "failed" || state === "late" || state === "too_long" || state === "blocked";

/** Null for no part. The graph was checked for circles before it was kept. */
function stateById(goal: Goal, id: string, known: Map<string, PartState>): PartState | null {
  const before = known.get(id);
  if (before !== undefined) return before;
  const part = goal.parts.find((one) => one.id === id);
  if (part === undefined) return null;
  const state = stateOf(goal, part, known);
  known.set(id, state);
  return state;
}

/** Who is asked next; null when nobody is. */
export function nextTarget({ to, attempts, escalate }: Part): Target | null {
  const end = attempts.at(-1)?.end ?? null;
  if (attempts.length === 0) return to;
  if (end === null || end.kind === "done" || attempts.length > maxEscalations) return null;
  const tried = attempts.map((attempt) => attempt.to.name);
  const fresh = escalate.filter(({ agent }) => !tried.includes(agent));
  // What did not fit has failed too.
  const found =
    fresh.find(({ on }) => on === end.kind) ??
    (end.kind === "too_long" ? fresh.find(({ on }) => on === "failed") : undefined);
  return found === undefined ? null : { kind: "agent", name: found.agent };
}

export const inState = (goal: Goal, ...states: readonly PartState[]): Part[] =>
  goal.parts.filter((part) => states.includes(stateOf(goal, part)));

/** True for calls (`STEP-INDEX`) of one turn: as long as one of them waits, the others may still be made. */
export const inTurnOf = (call: string, other: string): boolean =>
  call.split("-")[0] === other.split("-")[0];

export const withPart = (goal: Goal, part: Part): Goal => ({
  ...goal,
  parts: goal.parts.map((one) => (one.id === part.id ? part : one)),
});

/** The latest attempt, which is the only one that may be open. */
export const withAttempt = (part: Part, attempt: Attempt): Part => ({
  ...part,
  attempts: [...part.attempts.slice(0, -1), attempt],
});

/** What the runner of an agent writes where a task did not come to its end (agent/limits.ts, runner/work.ts). */
const failedWords = /^This task (?:failed|was not done|could not be done|was cancelled)\b/;
const tooLongWords =
  /^This task failed: (?:it was not finished after|it took longer than|the answer became longer|its tools, instructions and text take)/;

/** How an answer ends the attempt that asked for it; its text is kept elsewhere. */
export function verdictOf(
  attempt: Attempt,
  answer: Pick<HoldAnswer, "text" | "at">,
): { readonly kind: End["kind"]; readonly why: string } {
  const [first = ""] = answer.text.split("\n", 1);
  const why = first.slice(0, 300).toWellFormed();
  const late = answer.at !== undefined && Date.parse(answer.at) > attempt.until;
  if (late) return { kind: "late", why: `it answered at ${answer.at}` };
  // The steward's answers begin with one word.
  if (attempt.to.kind === "role")
    return first === "done"
      ? { kind: "done", why: "" }
      : { kind: "failed", why: oneLine(answer.text) };
  if (tooLongWords.test(answer.text)) return { kind: "too_long", why };
  return failedWords.test(answer.text) ? { kind: "failed", why } : { kind: "done", why: "" };
}

const oneLine = (text: string): string =>
  text.split("\n").slice(0, 2).join(": ").slice(0, 300).toWellFormed();
