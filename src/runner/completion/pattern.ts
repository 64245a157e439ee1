/**
 * Regular expressions of strangers. Never: lets one run for longer than `limitMs`; V8 looks for the
 * end of the time while it goes back and forth in a text.
 */
import vm from "node:vm";
import { type Made, notMade, passed } from "./verdict.ts";

const limitMs = 200;

/** `^` and `$` mean lines. A text instead of an answer says why there is none. */
export function matches(pattern: string, text: string): boolean | string {
  try {
    const found: unknown = vm.runInNewContext(
      'new RegExp(pattern, "m").test(text)',
      Object.assign(Object.create(null), { pattern, text }),
      { timeout: limitMs },
    );
    return found === true;
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
    return code === "ERR_SCRIPT_EXECUTION_TIMEOUT"
      ? `the pattern took longer than ${limitMs} ms`
      : `the pattern cannot be used: ${String(message)}`;
  }
}

/** `judge` says what is wrong, or null. */
export function patternVerdict(
  pattern: string,
  text: string,
  judge: (found: boolean) => Made | null,
): Made {
  const found = matches(pattern, text);
  if (typeof found === "string") return notMade(found);
  return judge(found) ?? passed(found ? "matches" : "does not match");
}
