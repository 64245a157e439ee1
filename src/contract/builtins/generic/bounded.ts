/**
 * Runs our own code over what others wrote for a bounded time, so that a pattern that backtracks without
 * end or a file made to be slow cannot hold the evaluator. V8 interrupts the call itself (measured: a
 * pattern that would take years ends after 202 ms with a limit of 200, a parser likewise). The limit
 * holds for what runs before the call returns: no promises, no timers.
 */
import vm from "node:vm";

export type Bounded<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "timeout" };

export function bounded<T>(milliseconds: number, work: () => T): Bounded<T> {
  try {
    const value = vm.runInNewContext("work()", { work }, { timeout: milliseconds }) as T;
    return { kind: "done", value };
  } catch (error) {
    const code = typeof error === "object" && error !== null && "code" in error ? error.code : "";
    if (code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return { kind: "timeout" };
    throw error;
  }
}

const patternMs = 200;

export type Match =
  | { readonly kind: "yes" | "no" }
  | { readonly kind: "error"; readonly why: string };

/** `^` and `$` are the ends of a line. */
export function matches(pattern: string, text: string): Match {
  try {
    const answer = bounded(patternMs, () => new RegExp(pattern, "m").test(text));
    if (answer.kind === "done") return { kind: answer.value ? "yes" : "no" };
    return { kind: "error", why: `the pattern ${pattern} needs more than ${patternMs} ms` };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { kind: "error", why: `${pattern} is no pattern: ${error.message}` };
  }
}
