/** Who is asked whether a task that makes call after call goes on. Types only. */
import type { Hold, Woken } from "../../task/hold.ts";

export interface BrakeLimits {
  /** Tool calls after which the model looks back, each time. */
  readonly reviewEvery: number;
  /** Tool calls after which people decide. */
  readonly askAfter: number;
}

export interface ContinueQuestion {
  /** How often this task was stopped so far, from 1. */
  readonly n: number;
  readonly calls: number;
  readonly summary: string;
  readonly callId: string;
  /** How often the task was begun anew after a failure. */
  readonly retries: number;
  readonly woken: Woken | null;
}

export type ContinueVerdict =
  /** With what they said. */
  | { readonly kind: "go"; readonly words: string }
  | { readonly kind: "wait"; readonly hold: Hold }
  /** Nobody could be asked now. */
  | { readonly kind: "later"; readonly why: string }
  | { readonly kind: "no"; readonly why: string };

/** Asks people, or reads what they said. Never throws but for its own bugs. */
export type AskToContinue = (question: ContinueQuestion) => Promise<ContinueVerdict>;
