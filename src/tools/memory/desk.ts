/** Small words that the memory tools share. */
import { refused } from "../answer.ts";
import type { Caller, MemoryDesk } from "../desks.ts";
import type { ToolResult } from "../result.ts";
import type { ToolContext } from "../tool.ts";

/** Where no memory is, e.g. in a run without an agent. */
export const atDesk = (
  { memory }: Pick<ToolContext, "memory">,
  act: (desk: MemoryDesk) => Promise<ToolResult>,
): Promise<ToolResult> =>
  memory === undefined ? Promise.resolve(refused("there is no memory here")) : act(memory);

export const callerOf = ({ callId, task }: Pick<ToolContext, "callId" | "task">): Caller => ({
  callId,
  tainted: task.tainted === true,
});

const units: Readonly<Record<string, number>> = { min: 60_000, h: 3_600_000, d: 86_400_000 };

/** `30d` from `now`, or a time with its zone; null for neither. Epoch milliseconds. */
export function expiryOf(text: string, now: number): number | null {
  const [, count, unit = ""] = /^([1-9][0-9]{0,4})(min|h|d)$/.exec(text) ?? [];
  if (count !== undefined) return now + Number(count) * (units[unit] ?? 0);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at;
}
