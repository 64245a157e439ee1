/** Where a run ends by itself, and what is said then. Pure. */
import type { ModelError } from "../model/types.ts";
import type { Outcome } from "../task/task.ts";
import type { BrakeLimits } from "./brakes/ask-continue.ts";
import type { RunState } from "./state.ts";

export interface RunLimits {
  /** Model calls per task. */
  readonly steps: number;
  /** Wall clock of one attempt. */
  readonly runtimeSeconds: number;
  readonly answerChars: number;
  /** Tool calls of one model turn; more are not run, and the model is told. */
  readonly callsPerTurn: number;
  /** Absent = none. */
  readonly brakes?: BrakeLimits;
}

/** A failure that tells the sender why and what was done: half the work is better than none. */
export function failed(state: RunState, why: string, remedy: string): Outcome {
  const parts = [`This task failed: ${why}.`, remedy, doneSoFar(state)];
  return {
    kind: "failed",
    why,
    answer: parts.filter((part) => part !== "").join("\n\n"),
    tally: state.tally,
  };
}

const shownCalls = 20;
const shownChars = 160;

function doneSoFar(state: RunState): string {
  const calls = state.messages.flatMap((message) =>
    message.role === "assistant" && message.tool_calls ? message.tool_calls : [],
  );
  const lines = calls
    .slice(-shownCalls)
    .map((call) =>
      call.type === "function"
        ? `- ${call.function.name} ${call.function.arguments.slice(0, shownChars)}`
        : `- ${call.custom.name}`,
    );
  const said = state.said.trim() === "" ? [] : ["Last words of the agent:", state.said.trim()];
  if (lines.length === 0) return said.join("\n");
  // Older ones may have been compacted away.
  const all = Math.max(state.toolCalls, calls.length);
  const title = `Done so far (${all} tool calls${all > lines.length ? ", the latest" : ""}):`;
  return [title, ...lines, ...said].join("\n");
}

/** What a person can do about a model error that waiting does not cure. */
export function modelRemedy(error: ModelError): string {
  switch (error.status) {
    case 401:
    case 403:
      return "An operator must check the provider's key: con credential list, con model test.";
    case 402:
      return "An operator must check the budget or the provider's account.";
    case 404:
      return "An operator must check the agent's model: con model list, con model test.";
    case 400:
    case 413:
    case 422:
      return "The request was refused as it is, perhaps because it became too long: ask for less at once.";
    default:
      return "An operator can test the model with: con model test.";
  }
}
