/**
 * Regular expressions of strangers. Never: lets one run for longer than `limitMs`, or all of one evaluation
 * together for longer than `allMs`; V8 looks for the end of the time while it goes back and forth in a text.
 */
import vm from "node:vm";
import { type Made, notMade, passed } from "./verdict.ts";

const limitMs = 200;
const allMs = 1000;

/** `^` and `$` mean lines. A text instead of an answer says why there is none. */
export type Matches = (pattern: string, text: string) => boolean | string;

/** One for each evaluation of a task's checks. */
export function createMatches(): Matches {
  let leftMs = allMs;
  return (pattern, text) => {
    if (leftMs < 1) return `the patterns before it took the ${allMs} ms that all have together`;
    const began = performance.now();
    try {
      return match(pattern, text, Math.ceil(Math.min(limitMs, leftMs)));
    } finally {
      leftMs -= performance.now() - began;
    }
  };
}

function match(pattern: string, text: string, timeout: number): boolean | string {
  try {
    const found: unknown = vm.runInNewContext(
      'new RegExp(pattern, "m").test(text)',
      Object.assign(Object.create(null), { pattern, text }),
      { timeout },
    );
    return found === true;
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
    return code === "ERR_SCRIPT_EXECUTION_TIMEOUT"
      ? `the pattern took longer than ${timeout} ms`
      : `the pattern cannot be used: ${String(message)}`;
  }
}

/** `judge` says what is wrong, or null. */
export function patternVerdict(
  found: boolean | string,
  judge: (found: boolean) => Made | null,
): Made {
  if (typeof found === "string") return notMade(found);
  return judge(found) ?? passed(found ? "matches" : "does not match");
}
