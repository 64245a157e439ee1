/** Who is asked when a model call needs more than its task may spend. Types only. */
import type { SpendNeed } from "../model/types.ts";
import type { Hold, Woken } from "../task/hold.ts";

export interface SpendQuestion {
  readonly need: SpendNeed;
  /** Of the model call, unique within the task. */
  readonly callId: string;
  /** How often the task was begun anew after a failure: each time people may think otherwise. */
  readonly retries: number;
  /** What came back for this call; null as long as nothing did. */
  readonly woken: Woken | null;
}

export type SpendVerdict =
  /** The call may be tried. */
  | { readonly kind: "go" }
  | { readonly kind: "wait"; readonly hold: Hold }
  /** Nobody could be asked now. */
  | { readonly kind: "later"; readonly why: string }
  | { readonly kind: "no"; readonly why: string };

/** Asks people, or reads what they said. Never throws but for its own bugs. */
export type AskSpending = (question: SpendQuestion) => Promise<SpendVerdict>;
