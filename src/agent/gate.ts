/**
 * The one place where a tool call can be stopped before it runs: constraints, approvals, limits.
 *
 * A gate is asked after the arguments were checked and before the intent is written. A crash between
 * its act and that line asks it again for the same call, so whatever it does must collapse into one
 * by `callId`. Once the intent is written it is not asked any more. A gate that throws has refused.
 */
import type { Woken } from "../task/hold.ts";
import type { ToolResult } from "../tools/result.ts";

export interface GatedCall {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Unique within the task, e.g. `3-1`: the same when it is asked again. */
  readonly callId: string;
  /** What came back for the hold that a gate asked for; null as long as none is over. */
  readonly woken: Woken | null;
}

/**
 * Null: the call may run. A result: it does not run, and that is what the model is told. A result with
 * `hold`: the task waits, and then the gate is asked again, with `woken`.
 */
export type Gate = (call: GatedCall) => Promise<ToolResult | null>;

/** Asks each in turn; the first that has something to say decides. */
export const gates =
  (...all: readonly Gate[]): Gate =>
  async (call) => {
    for (const gate of all) {
      const result = await gate(call);
      if (result !== null) return result;
    }
    return null;
  };
