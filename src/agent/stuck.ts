/**
 * Whether a model goes round in circles: the same call again and again, or one tool that fails time after time.
 * Pure. What is known is folded from the journal, so neither a resume nor a compaction forgets it.
 */
import { createHash } from "node:crypto";
import type { ToolCall } from "../model/types.ts";

export interface Habits {
  /** Of the latest different calls: how often each was made. */
  readonly calls: ReadonlyMap<string, number>;
  /** By tool: failures since its latest success. */
  readonly failures: ReadonlyMap<string, number>;
}

export const noHabits: Habits = { calls: new Map(), failures: new Map() };

/** Different calls that are remembered; a circle is smaller. */
const remembered = 100;
const repeats = 3;
const failuresInRow = 5;

/** Tools of which each call does the next part of something, with the same arguments. */
const nextOfMany: ReadonlySet<string> = new Set(["run_batch"]);

type Made = Pick<ToolCall, "name" | "arguments">;

/** After one more call has its result. */
export function afterCall({ calls, failures }: Habits, call: Made, ok: boolean): Habits {
  const key = keyOf(call);
  const times = (calls.get(key) ?? 0) + 1;
  const others = [...calls].filter(([one]) => one !== key).slice(-(remembered - 1));
  const failed = [...failures].filter(([tool]) => tool !== call.name).slice(-(remembered - 1));
  const inRow = (failures.get(call.name) ?? 0) + 1;
  return {
    calls: new Map([...others, [key, times]]),
    failures: new Map(ok ? failed : [...failed, [call.name, inRow]]),
  };
}

/** What to do about it beside the obvious. */
export interface Help {
  /** It may call consult_adviser. */
  readonly adviser: boolean;
}

/** A line for the model under the result of `call`, or nothing. `habits` are those before it. */
export function stuckHint(habits: Habits, call: Made, ok: boolean, help: Help): string {
  const times = (habits.calls.get(keyOf(call)) ?? 0) + 1;
  const advice = adviceFor(call.name, help);
  if (times >= repeats && !(ok && nextOfMany.has(call.name)))
    return (
      `\n[You made exactly this call ${times} times. Its result will not change by repeating it: ` +
      `${advice}]`
    );
  const inRow = (habits.failures.get(call.name) ?? 0) + 1;
  if (ok || inRow < failuresInRow) return "";
  return `\n[The last ${inRow} calls of ${call.name} failed. Do not go on like this: ${advice}]`;
}

const adviceFor = (tool: string, { adviser }: Help): string =>
  adviser && tool !== "consult_adviser"
    ? "call consult_adviser with your plan and what keeps you from it, or try another way."
    : "try another way, or answer with what you know and ask the sender for what is missing.";

/** The same for the same arguments in another order. */
const keyOf = ({ name, arguments: raw }: Made): string =>
  createHash("sha256")
    .update(`${name}\n${canonical(raw)}`)
    .digest("base64url")
    .slice(0, 22);

function canonical(raw: string): string {
  try {
    return JSON.stringify(sorted(JSON.parse(raw.trim() === "" ? "{}" : raw)));
  } catch (error) {
    // Nested too deeply to be sorted, or no JSON.
    if (error instanceof SyntaxError || error instanceof RangeError) return raw.trim();
    throw error;
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, one]) => [key, sorted(one)]);
}
