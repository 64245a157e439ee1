/**
 * A goal that a task brings about by parts which others do: what the parts are, and how far each came. Types and bounds.
 * Kept whole as one value; everything else (which part is ready, failed, blocked) follows from it.
 */

export interface Goal {
  readonly version: 1;
  readonly goal: string;
  /** What the answer to the whole is to be made of, in the planner's words. */
  readonly final: string;
  /** How often the graph was made anew after something of it had been asked. */
  readonly replans: number;
  readonly parts: readonly Part[];
  /** Parts of earlier graphs that were not done, oldest first. */
  readonly dropped: readonly Part[];
}

export interface PartPlan {
  readonly id: string;
  /** Who does it: an agent, or a temporary agent of that role. */
  readonly to: Target;
  readonly task: string;
  /** Ids of parts whose results it needs. */
  readonly dependsOn: readonly string[];
  /** How long it may take, once asked. */
  readonly deadlineMs: number;
  readonly expect: string | null;
  readonly escalate: readonly Escalation[];
}

export interface Part extends PartPlan {
  /** Which graph it is from: `replans` when it was planned. */
  readonly plan: number;
  readonly attempts: readonly Attempt[];
}

export interface Target {
  readonly kind: "agent" | "role";
  readonly name: string;
}

/** Why an attempt was no success. `too_long`: the work did not fit into the limits of who did it. */
export type Cause = "failed" | "late" | "too_long";

export interface Escalation {
  readonly on: Cause;
  readonly agent: string;
}

export interface Attempt {
  readonly to: Target;
  /** The call that waits for it. */
  readonly call: string;
  /** What was asked; null until it is certain that it was. */
  readonly id: string | null;
  /** Epoch milliseconds. */
  readonly asked: number;
  readonly until: number;
  readonly end: End | null;
}

export type End =
  | { readonly kind: "done"; readonly text: string; readonly path: string | null }
  | { readonly kind: Cause; readonly why: string; readonly path: string | null };

export const maxParts = 50;
/** Parts that wait for each other in a row. */
export const maxDepth = 10;
export const maxReplans = 3;
export const maxEscalations = 2;
export const defaultDeadlineMs = 60 * 60_000;
/** Bytes of a result that are kept for the parts that depend on it. */
export const keptBytes = 16 * 1024;
