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
      return "prompt written";
    case "model-intent":
      return `model call ${event.step}`;
    case "model-result":
      return modelResult(event, took, text);
    case "model-error":
      return `model call ${event.step} failed after ${took}: ${text}`;
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
      return `tool ${call} ${verdict}${took === "" ? "" : ` in ${took}`}: ${text}`;
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
    case "final":
      return `${event.outcome}: ${text}`;
    default:
      return `${event.kind}: ${text}`;
  }
}

function modelResult(event: StoryEvent, took: string, text: string): string {
  const { input, output } = event.tokens ?? { input: 0, output: 0 };
  const cost = `${input} tokens in, ${output} out, ${event.cost_usd} USD`;
  const calls = event.tool_calls === 0 ? "" : `; ${event.tool_calls} tool calls`;
  return `model ${event.model} answered in ${took} (${cost})${calls}: ${text}`;
}
