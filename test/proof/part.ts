/**
 * What one part of the proof is, and what it says at its end. A part lies in test/proof/parts/NAME.ts and exports
 * `part`. Never: a figure that was not counted or measured in this run.
 */

export interface Figure {
  readonly what: string;
  readonly value: number | string;
  readonly unit?: string;
  /** In words, e.g. "0" or "at least 1,000,000"; absent where nothing is asked. */
  readonly target?: string;
  /** Whether the target is met; true where there is none. */
  readonly ok: boolean;
}

export interface PartResult {
  readonly figures: readonly Figure[];
  /** Sentences for the reader: what was seen on the way, survivors and why, limits of what this shows. */
  readonly notes: readonly string[];
}

export interface PartContext {
  /** A line for whoever waits. */
  readonly progress: (line: string) => void;
  /** Everything random comes from it and is repeatable with it. */
  readonly seed: number;
  /** Share of the full size, 0 < scale <= 1; 1 is what the issue asks. */
  readonly scale: number;
  /** An empty directory that is removed afterwards. */
  readonly directory: string;
}

export interface Part {
  /** As in `make proof PARTS=…`. */
  readonly name: string;
  /** One sentence: what this shows. */
  readonly claim: string;
  readonly run: (context: PartContext) => Promise<PartResult>;
}
