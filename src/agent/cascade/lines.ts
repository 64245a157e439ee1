/** The line that each layer of the cascade leaves in the journal when it looked. Types only. */

export type Layer =
  | "reflex"
  | "exact"
  | "semantic"
  | "documents"
  | "route"
  | "warnings"
  | "escalate"
  | "learn";

/**
 * `hit`: it gave the answer, or what it is there for. `miss`: it looked and has nothing. `skipped`: it may not look
 * here, or cannot. `passed`: it has something and leaves the rest to the next one.
 */
export type Verdict = "hit" | "miss" | "skipped" | "passed";

export interface CascadeLine {
  readonly kind: "cascade";
  readonly layer: Layer;
  readonly verdict: Verdict;
  readonly why: string;
  readonly score?: number;
  /** Alias of the model that is asked from now on. */
  readonly model?: string;
  readonly at: string;
}
