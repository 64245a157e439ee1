/**
 * The journal of one task as lines of JSON. Pure: encode, decode, and nothing else.
 *
 * An intent line stands before each act, a result line after it; the loop has them on disk before
 * it goes on. Never: repaired. A torn last line is what a crash leaves and is left out; a line
 * that cannot be read before the last one means that the file is not ours any more.
 */
import type { Message, SpendNeed, ToolCall } from "../model/types.ts";
import type { CheckResult } from "../task/done-when/types.ts";
import type { Outcome, Usage } from "../task/task.ts";
import type { Denial, ModelUsage } from "../tools/result.ts";
import type { BrakeLine } from "./brakes/lines.ts";
import type { CascadeLine } from "./cascade/lines.ts";
import type { ContextLine } from "./context/lines.ts";
import type { ExecLine } from "./exec-line.ts";

interface CallIntent {
  readonly kind: "tool-intent";
  readonly step: number;
  /** Position within the turn, from 1. */
  readonly index: number;
  readonly name: string;
  /** Raw, as the model wrote them. */
  readonly arguments: string;
  readonly at: string;
}

export interface CallResult {
  readonly kind: "tool-result";
  readonly step: number;
  readonly index: number;
  readonly ok: boolean;
  readonly text: string;
  /** Set when a crash cut the call: nobody knows whether it happened. */
  readonly interrupted: boolean;
  /** Id of the task that this call sent to another agent, or null. */
  readonly sent: string | null;
  /** The rule that refused the call. */
  readonly denial?: Denial;
  /** What models cost that the call asked; absent where it asked none. */
  readonly usage?: ModelUsage;
  /** It holds words that neither con nor a trusted person wrote: from here on the task is tainted (taint.ts). */
  readonly untrusted?: true;
  readonly at: string;
}

/** Instead of a result: the call waits. What comes back becomes its result, or asks the gate again. */
export interface CallHeld {
  readonly kind: "tool-hold";
  readonly step: number;
  readonly index: number;
  readonly waitFor: readonly string[];
  /** Epoch milliseconds. */
  readonly until: number;
  readonly why: string;
  /** True when the gate waits and the tool did not run yet. */
  readonly gate: boolean;
  readonly sent: string | null;
  /** Whoever brings what is waited for, it holds words of strangers. */
  readonly untrusted?: true;
  readonly at: string;
}

/** Instead of a result: people are asked whether it may be paid for, and then it is made again. */
export interface ModelHeld {
  readonly kind: "model-hold";
  readonly step: number;
  readonly need: SpendNeed;
  readonly waitFor: readonly string[];
  /** Epoch milliseconds. */
  readonly until: number;
  readonly why: string;
  readonly at: string;
}

export interface ModelResult {
  readonly kind: "model-result";
  readonly step: number;
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly model: string;
  readonly usage: Usage;
  readonly costUsd: number;
  /** The gateway said that a budget is nearly spent. */
  readonly warned?: true;
  readonly at: string;
}

interface ChecksMade {
  readonly kind: "check-result";
  readonly round: number;
  readonly results: readonly CheckResult[];
  /** What the model is told; null when all passed. */
  readonly text: string | null;
  readonly untrusted?: true;
  readonly at: string;
}

export type JournalLine =
  | { readonly kind: "attempt"; readonly at: string }
  /** The conversation as it was first sent; a resume sends the same bytes. */
  | {
      readonly kind: "prompt";
      readonly nonce: string;
      readonly messages: readonly Message[];
      readonly untrusted?: true;
      /** What models cost that were asked for the background; absent where none was. */
      readonly usage?: ModelUsage;
      readonly at: string;
    }
  | { readonly kind: "model-intent"; readonly step: number; readonly at: string }
  | ModelResult
  | ModelHeld
  | ContextLine
  | BrakeLine
  | CascadeLine
  | ExecLine
  | {
      readonly kind: "model-error";
      readonly step: number;
      readonly temporary: boolean;
      readonly why: string;
      readonly at: string;
    }
  /** What the runner itself says to the model, e.g. after an empty reply. */
  | { readonly kind: "note"; readonly step: number; readonly text: string; readonly at: string }
  | CallIntent
  | CallResult
  | CallHeld
  /** The answer is there, and the task's own completion checks are made. */
  | { readonly kind: "check-intent"; readonly round: number; readonly at: string }
  | ChecksMade
  /** The task reached its end; only settling is left. */
  | { readonly kind: "final"; readonly outcome: Outcome; readonly at: string }
  /** A failed task runs again: the end before this line does not count. */
  | { readonly kind: "retry"; readonly at: string };

const kinds: ReadonlySet<string> = new Set<JournalLine["kind"]>([
  "attempt",
  "prompt",
  "model-intent",
  "model-result",
  "model-error",
  "model-hold",
  "note",
  "compaction-intent",
  "compaction-call",
  "compaction-failed",
  "compaction",
  "memories-kept",
  "review",
  "brake-intent",
  "brake-summary",
  "brake-hold",
  "brake-end",
  "cascade",
  "exec",
  "tool-intent",
  "tool-result",
  "tool-hold",
  "check-intent",
  "check-result",
  "final",
  "retry",
]);

export const encodeLines = (lines: readonly JournalLine[]): string =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join("");

export type Decoded =
  /** `bytes` is the length of what is whole; less than the file's length after a torn line. */
  | { readonly ok: true; readonly lines: readonly JournalLine[]; readonly bytes: number }
  | { readonly ok: false; readonly line: number; readonly why: string };

/** Reads a whole journal file. */
export function decodeLines(text: string): Decoded {
  const lines: JournalLine[] = [];
  let start = 0;
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
    const line = decodeLine(text.slice(start, end));
    if (typeof line === "string") {
      const isLast = end + 1 === text.length;
      if (!isLast) return { ok: false, line: lines.length + 1, why: line };
      break;
    }
    lines.push(line);
    start = end + 1;
  }
  return { ok: true, lines, bytes: Buffer.byteLength(text.slice(0, start)) };
}

/** A line, or why it is none. */
function decodeLine(text: string): JournalLine | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `is not JSON (${(error as SyntaxError).message})`;
  }
  const isLine =
    typeof value === "object" &&
    value !== null &&
    "kind" in value &&
    typeof value.kind === "string" &&
    kinds.has(value.kind);
  return isLine ? (value as JournalLine) : "is not a journal line of this version";
}

const completed: ReadonlySet<string> = new Set([
  "brake-summary",
  "brake-hold",
  "brake-end",
  "model-result",
  "model-hold",
  "compaction",
  "tool-result",
  "tool-hold",
  "check-result",
]);

/** Completed calls of models and tools, and rounds of checks: an attempt that adds some made progress. */
export const progressOf = (lines: readonly JournalLine[]): number =>
  lines.filter(({ kind }) => completed.has(kind)).length;
