/** How much of a model's window may be used, and when something is done about it. Pure. */

/** Tokens where con.yaml does not say how large a model's window is. */
export const unknownWindow = 32_768;
/** As gateway/request.ts reserves for an answer of which nobody says how long it may be. */
export const usualOutput = 8192;

export interface Window {
  /** `models.ALIAS.context`, or null. */
  readonly context: number | null;
  /** `budget.tokens_per_call`, or null. */
  readonly output: number | null;
}

/** A model that may summarize. */
export interface Summarizer {
  /** Alias. */
  readonly model: string;
  readonly window: Window;
}

/** Tokens that a request may have: what is left beside the answer. */
export function roomOf({ context, output }: Window): number {
  const whole = context ?? unknownWindow;
  const answer =
    output === null
      ? Math.min(usualOutput, Math.floor(whole / 4))
      : Math.min(output, Math.floor(whole / 2));
  return whole - answer;
}

/** Shares of that room: the model is told once; older parts are compacted. */
const warnShare = 0.85;
const forceShare = 0.95;
/** Below this share of bytes nothing is counted. */
export const nearShare = 0.8;

/** Of what a request holds. All in tokens. */
export interface Measure {
  readonly tokens: number;
  readonly limit: number;
  /** What is there in any case: tools, system message, prompt, the line with the time. */
  readonly fixed: number;
  /** The largest result of a tool so far: the next may be as large. */
  readonly largest: number;
  /** False: `tokens` is only known to be no more than that. */
  readonly exact: boolean;
}

/** Left for the conversation itself. */
const freeOf = ({ limit, fixed }: Measure): number => Math.max(0, limit - fixed);

/** Where the fixed part is large, 95 % of the whole would come again and again. */
export function isFull(measure: Measure): boolean {
  const { tokens, limit, fixed, largest, exact } = measure;
  if (!exact) return false;
  const free = freeOf(measure);
  if (tokens >= Math.max(forceShare * limit, fixed + 0.85 * free)) return true;
  return limit - tokens < Math.min(largest, 0.1 * free);
}

export const isNear = ({ tokens, limit, exact }: Measure): boolean =>
  exact && tokens >= warnShare * limit;

/** Less than this beside the fixed part is no room to work in. */
const leastFree = 512;

export const isTooSmall = (measure: Measure): boolean => freeOf(measure) < leastFree;

export interface Shares {
  /** Latest turns that stay as they are. */
  readonly keep: number;
  /** The summary of all others. */
  readonly summary: number;
  /** Together with the fixed part, after older parts were shortened without a model. */
  readonly target: number;
  /** A part smaller than this is not worth a summary. */
  readonly worth: number;
}

export function sharesOf(measure: Measure): Shares {
  const free = freeOf(measure);
  return {
    keep: Math.floor(Math.min(0.25 * measure.limit, 0.35 * free)),
    summary: Math.floor(Math.min(0.2 * measure.limit, 0.25 * free, 4096)),
    target: Math.floor(measure.fixed + 0.6 * free),
    worth: Math.floor(0.15 * free),
  };
}
