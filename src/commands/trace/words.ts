/** Events of a task's journal in words. Pure; whoever prints them escapes them. */
import { denialLine } from "../../tools/denial.ts";
import type { StoryEvent } from "../shared/story.ts";
import { cut } from "../shared/text.ts";

/** One event in words. */
export function sentence(event: StoryEvent, limit: number): string {
  const text = cut(event.text ?? "", limit);
  const took = event.duration_ms === undefined ? "" : `${event.duration_ms} ms`;
  const call = `${event.step}.${event.index}`;
  switch (event.kind) {
    case "attempt":
      return "attempt begins";
    case "prompt":
      return event.tokens === undefined
        ? "prompt written"
        : `prompt written; the thread was summed up for it (${costOf(event)})`;
    case "model-intent":
      return `model call ${event.step}`;
    case "model-result":
      return modelResult(event, took, text);
    case "model-error":
      return `model call ${event.step} failed after ${took}: ${text}`;
    case "model-hold": {
      const waits = (event.wait_for ?? []).join(", ");
      return `model call ${event.step} waits for ${waits} until ${event.until}: ${text}`;
    }
    case "tool-intent":
      return `tool ${call} ${event.name} ${cut(event.arguments ?? "", limit)}`;
    case "tool-hold": {
      const waits = (event.wait_for ?? []).join(", ");
      return `tool ${call} waits for ${waits} until ${event.until}: ${text}`;
    }
    case "tool-result": {
      // A journal is the agent's own, so it may hold anything.
      const { denial } = event;
      if (typeof denial === "object" && denial !== null)
        return `tool ${call} ${denialLine(denial)}`;
      const verdict = event.interrupted ? "interrupted" : event.ok ? "ok" : "error";
      const cost = event.tokens === undefined ? "" : ` (models: ${costOf(event)})`;
      return `tool ${call} ${verdict}${took === "" ? "" : ` in ${took}`}${cost}: ${text}`;
    }
    case "check-intent":
      return `completion checks, round ${event.round}`;
    case "check-result": {
      const results = (event.checks ?? []).map(
        ({ name, state, found }) => `${name}: ${state}, ${found}`,
      );
      const said = cut(results.join("; "), limit);
      return `completion checks, round ${event.round}, made in ${took}: ${said}`;
    }
    case "compaction-intent":
      return `compaction begins at ${event.tokens_before} of ${event.window} tokens`;
    case "compaction-call": {
      const { input, output } = event.tokens ?? { input: 0, output: 0 };
      const verdict = event.ok ? text : `refused: ${text}`;
      return `compaction by ${event.model} (${input} tokens in, ${output} out): ${verdict}`;
    }
    case "compaction-failed":
      return `compaction failed after ${took}: ${text}`;
    case "compaction":
      return compacted(event, text);
    case "memories-kept":
      return event.ok ? "memories handed over" : `memories not handed over: ${text}`;
    case "review":
      return "told to look back at what it did";
    case "brake-intent":
      return `stopped after ${text}: asked to sum up`;
    case "brake-summary":
      return `where it stands: ${text}`;
    case "brake-hold": {
      const waits = (event.wait_for ?? []).join(", ");
      return `waits for ${waits} until ${event.until}: ${text}`;
    }
    case "brake-end":
      return `people let it go on: ${text}`;
    case "cascade": {
      const score = event.score === undefined ? "" : ` (${event.score})`;
      const model = event.model === undefined ? "" : `, model ${event.model}`;
      return `cascade, ${event.layer}: ${event.verdict}${score}${model}: ${text}`;
    }
    case "exec":
      return event.model === undefined
        ? `program, ${event.name}: ${text}`
        : `program asked model ${event.model} (${costOf(event)})`;
    case "final":
      return `${event.outcome}: ${text}`;
    default:
      return `${event.kind}: ${text}`;
  }
}

function compacted({ name, replaced, tokens_before, tokens_after }: StoryEvent, text: string) {
  const how = name === "summary" ? "a summary" : "shortened texts, no model could summarize";
  const parts = [
    `${replaced} messages replaced by ${how}`,
    `${tokens_before} → ${tokens_after} tokens`,
  ];
  return `conversation compacted: ${parts.join(", ")}: ${text}`;
}

function costOf({ tokens, cost_usd }: StoryEvent): string {
  const { input, output } = tokens ?? { input: 0, output: 0 };
  return `${input} tokens in, ${output} out, ${cost_usd} USD`;
}

function modelResult(event: StoryEvent, took: string, text: string): string {
  const cost = costOf(event);
  const calls = event.tool_calls === 0 ? "" : `; ${event.tool_calls} tool calls`;
  const time = took === "" ? "" : ` in ${took}`;
  return `model ${event.model} answered${time} (${cost})${calls}: ${text}`;
}
