/** The state of a run: what was said, what it cost, what is still open. Lines of the journal change it (resume.ts). */
import type { Message, ToolCall } from "../model/types.ts";
import type { CheckResult } from "../task/done-when/types.ts";
import { emptyTally, type Outcome, type Tally } from "../task/task.ts";
import { type BrakeState, freshBrakes } from "./brakes/fold.ts";
import { type CascadeState, freshCascade } from "./cascade/fold.ts";
import { type ContextState, freshContext } from "./context/fold.ts";
import type { CallHeld, CallResult, ModelHeld } from "./journal.ts";
import { type Habits, noHabits } from "./stuck.ts";
import type { Calls } from "./taint.ts";

/** The calls of the latest model turn, by index from 1. */
export interface Turn {
  readonly step: number;
  /** As they are meant (toolbox/effective.ts). */
  readonly calls: readonly ToolCall[];
  /** Calls whose tool was started; a call that waits is not among them. */
  readonly begun: ReadonlySet<number>;
  /** Calls that wait. */
  readonly holds: ReadonlyMap<number, CallHeld>;
  readonly results: ReadonlyMap<number, CallResult>;
}

export interface RunState {
  /** Everything up to the latest finished turn, ready to be sent; older parts perhaps compacted. */
  readonly messages: readonly Message[];
  /** How many of them are the prompt, which stays as it is. */
  readonly head: number;
  /** What compaction did so far. */
  readonly context: ContextState;
  /** Model calls that gave a reply, in all attempts since the latest retry. */
  readonly steps: number;
  readonly tally: Tally;
  /** Tool calls that have their result, since the sender's last word: the prompt, or a retry. */
  readonly toolCalls: number;
  /** It has read words of strangers. */
  readonly tainted: boolean;
  readonly calls: Calls | null;
  readonly brakes: BrakeState;
  readonly cascade: CascadeState;
  /** What it does time and again, since then. */
  readonly habits: Habits;
  /** Calls of the latest turn that still lack a result, else null. */
  readonly turn: Turn | null;
  /** The next model call waits until people agree to what it costs; it was not made. */
  readonly modelHold: ModelHeld | null;
  /** The latest reply had no tool calls: its text, until the loop has judged it; else null. */
  readonly answer: string | null;
  /** What the model said so far without being asked to stop: for answers that end early. */
  readonly said: string;
  /** The latest reply was empty and the model was told so. */
  readonly nudged: boolean;
  /** Completion checks as they were made last, and how often they were since the latest retry. */
  readonly checks: readonly CheckResult[] | null;
  readonly rounds: number;
  readonly final: Outcome | null;
  /** How often a failed end was taken back. */
  readonly retries: number;
}

export const freshState: RunState = {
  messages: [],
  head: 0,
  context: freshContext,
  steps: 0,
  tally: emptyTally,
  toolCalls: 0,
  tainted: false,
  calls: null,
  brakes: freshBrakes,
  cascade: freshCascade,
  habits: noHabits,
  turn: null,
  modelHold: null,
  answer: null,
  said: "",
  nudged: false,
  checks: null,
  rounds: 0,
  final: null,
  retries: 0,
};
