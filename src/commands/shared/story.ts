/** The journal of a task as a list of events with durations. Pure. */
import type { JournalLine } from "../../agent/journal.ts";
import type { CheckResult } from "../../task/done-when/types.ts";
import type { Denial, ModelUsage } from "../../tools/result.ts";

/** Elements of `con trace --json`, `events[]`: public interface, change only by adding. */
export interface StoryEvent {
  /** As in the journal: `attempt`, `prompt`, `model-intent`, `model-result`, `tool-intent`, … */
  readonly kind: string;
  readonly at: string;
  /** Since the first event. */
  readonly elapsed_ms: number;
  /** Model turn, from 1. */
  readonly step?: number;
  /** Tool call within the turn, from 1. */
  readonly index?: number;
  /** From the intent to this result. */
  readonly duration_ms?: number;
  readonly name?: string;
  readonly arguments?: string;
  readonly ok?: boolean;
  readonly interrupted?: boolean;
  /** Id of the task that this call sent to another agent. */
  readonly sent?: string | null;
  readonly text?: string;
  readonly model?: string;
  readonly tokens?: { readonly input: number; readonly output: number };
  readonly cost_usd?: number;
  readonly tool_calls?: number;
  readonly outcome?: string;
  /** Of completion checks, from 1. */
  readonly round?: number;
  readonly checks?: readonly CheckResult[];
  /** Ids that a call waits for, and until when. */
  readonly wait_for?: readonly string[];
  readonly until?: string;
  /** The rule that refused a call. */
  readonly denial?: Denial;
  /** Of a compaction: tokens of the request before and after it, tokens that a request may have, messages. */
  readonly tokens_before?: number;
  readonly tokens_after?: number;
  readonly window?: number;
  readonly replaced?: number;
  /** Of a layer of the cascade: its name, `hit`, `miss`, `skipped` or `passed`, and what it measured. */
  readonly layer?: string;
  readonly verdict?: string;
  readonly score?: number;
}

export function storyOf(lines: readonly JournalLine[]): StoryEvent[] {
  const begun = new Map<string, number>();
  const first = Date.parse(lines[0]?.at ?? "");
  return lines.map((line) => {
    const now = Date.parse(line.at);
    const base = { kind: line.kind, at: line.at, elapsed_ms: since(first, now) };
    const key = callKey(line);
    if (line.kind.endsWith("-intent")) begun.set(key, now);
    const start = begun.get(key);
    const isEnd = ends.has(line.kind);
    const took = isEnd && start !== undefined ? { duration_ms: since(start, now) } : {};
    return { ...base, ...took, ...detailsOf(line) };
  });
}

const ends: ReadonlySet<string> = new Set([
  "model-result",
  "model-error",
  "tool-result",
  "check-result",
  "compaction",
  "compaction-failed",
]);

const since = (start: number, now: number): number =>
  Number.isFinite(now - start) ? Math.max(0, now - start) : 0;

function callKey(line: JournalLine): string {
  if (line.kind === "tool-intent" || line.kind === "tool-result")
    return `tool ${line.step} ${line.index}`;
  if (line.kind === "check-intent" || line.kind === "check-result") return `checks ${line.round}`;
  if (line.kind.startsWith("compaction")) return "compaction";
  return "step" in line ? `model ${line.step}` : line.kind;
}

/** On models that a tool asked. */
const spentOn = (usage: ModelUsage | undefined): Partial<StoryEvent> =>
  usage === undefined
    ? {}
    : { tokens: { input: usage.input, output: usage.output }, cost_usd: usage.costUsd };

function detailsOf(line: JournalLine): Partial<StoryEvent> {
  switch (line.kind) {
    case "attempt":
    case "retry":
      return {};
    case "prompt":
      return spentOn(line.usage);
    case "model-intent":
      return { step: line.step };
    case "model-result":
      return {
        step: line.step,
        model: line.model,
        text: line.text,
        tokens: line.usage,
        cost_usd: line.costUsd,
        tool_calls: line.toolCalls.length,
      };
    case "model-error":
      return { step: line.step, text: line.why };
    case "model-hold":
      return {
        step: line.step,
        wait_for: line.waitFor,
        until: timeOf(line.until),
        text: line.why,
      };
    case "note":
      return { step: line.step, text: line.text };
    case "tool-intent":
      return { step: line.step, index: line.index, name: line.name, arguments: line.arguments };
    case "tool-result":
      return {
        step: line.step,
        index: line.index,
        ok: line.ok,
        interrupted: line.interrupted,
        sent: line.sent,
        text: line.text,
        ...(line.denial === undefined ? {} : { denial: line.denial }),
        ...spentOn(line.usage),
      };
    case "tool-hold":
      return {
        step: line.step,
        index: line.index,
        sent: line.sent,
        wait_for: line.waitFor,
        until: timeOf(line.until),
        text: line.why,
      };
    case "check-intent":
      return { round: line.round };
    case "check-result":
      return { round: line.round, checks: line.results };
    case "compaction-intent":
      return { tokens_before: line.tokens, window: line.limit };
    case "compaction-call":
      return {
        model: line.model,
        tokens: line.usage,
        cost_usd: line.costUsd,
        ok: line.why === null,
        text: line.why ?? line.part,
      };
    case "compaction-failed":
      return { text: line.why };
    case "compaction":
      return {
        name: line.how,
        tokens_before: line.before,
        tokens_after: line.after,
        replaced: line.to - line.from,
        text: line.text ?? "",
      };
    case "review":
      return { text: line.text };
    case "brake-intent":
      return { text: `${line.calls} tool calls` };
    case "brake-summary":
      return {
        ...(line.model === null ? {} : { model: line.model }),
        tokens: line.usage,
        cost_usd: line.costUsd,
        text: line.text,
      };
    case "brake-hold":
      return { wait_for: line.waitFor, until: timeOf(line.until), text: line.why };
    case "brake-end":
      return { text: line.text };
    case "memories-kept":
      return { ok: line.why === null, text: line.why ?? "" };
    case "cascade":
      return {
        layer: line.layer,
        verdict: line.verdict,
        text: line.why,
        ...(line.score === undefined ? {} : { score: line.score }),
        ...(line.model === undefined ? {} : { model: line.model }),
      };
    case "exec":
      return {
        name: line.event,
        text: line.text,
        ...(line.model === undefined ? {} : { model: line.model }),
        ...spentOn(line.usage),
      };
    case "final":
      return { outcome: line.outcome.kind, text: textOf(line) };
  }
}

/** Journals are the agents' own: a time may be anything. */
const timeOf = (ms: number): string =>
  Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);

function textOf({ outcome }: Extract<JournalLine, { kind: "final" }>): string {
  switch (outcome.kind) {
    case "done":
      return outcome.answer;
    case "failed":
    case "defer":
    case "held":
      return outcome.why;
    case "cancelled":
      return `by ${outcome.by}`;
  }
}
