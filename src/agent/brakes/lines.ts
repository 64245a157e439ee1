/** Lines of the journal about tasks that go on and on. */
import type { Usage } from "../../task/task.ts";

/** The model is told to look back at what it did. */
export interface Review {
  readonly kind: "review";
  readonly calls: number;
  readonly text: string;
  readonly at: string;
}

/** Before the model is asked to sum up; nothing follows from it. */
export interface BrakeIntent {
  readonly kind: "brake-intent";
  readonly n: number;
  readonly calls: number;
  readonly at: string;
}

export interface BrakeSummary {
  readonly kind: "brake-summary";
  readonly n: number;
  readonly text: string;
  /** Null: no model could say it, so the runner did. */
  readonly model: string | null;
  readonly usage: Usage;
  readonly costUsd: number;
  readonly at: string;
}

/** People are asked whether it goes on. */
export interface BrakeHeld {
  readonly kind: "brake-hold";
  readonly n: number;
  readonly waitFor: readonly string[];
  /** Epoch milliseconds. */
  readonly until: number;
  readonly why: string;
  /** What people read, where no one else is asked (task/hold.ts). */
  readonly question?: string;
  readonly at: string;
}

/** People let it go on: what the model is told. The counter begins anew. */
export interface BrakeEnd {
  readonly kind: "brake-end";
  readonly n: number;
  readonly text: string;
  readonly at: string;
}

export type BrakeLine = Review | BrakeIntent | BrakeSummary | BrakeHeld | BrakeEnd;
