/** Who may use the web, and how: the kernel's uid against what root compiled. Pure. */
import type { BrowserCaller, BrowserRuntime } from "../config/runtime.ts";

export function callerOf({ callers }: BrowserRuntime, uid: number): BrowserCaller | null {
  return callers.find((caller) => caller.uid === uid) ?? null;
}

/** Why not, or null. */
export function refusalOf(
  runtime: BrowserRuntime,
  uid: number,
  tool: BrowserCaller["tools"][number],
): string | null {
  const caller = callerOf(runtime, uid);
  if (caller === null || !caller.tools.includes(tool))
    return `${caller?.name ?? `uid ${uid}`} is not granted ${tool} (can.tools in its manifest)`;
  return null;
}
