/** The line that ends a call, with a word to a model that repeats itself. Pure. */
import type { Message, ToolCall } from "../model/types.ts";
import type { ToolResult } from "../tools/tool.ts";
import type { JournalLine } from "./journal.ts";
import type { Turn } from "./resume.ts";
import type { Run } from "./run.ts";

export function resultLine(
  run: Run,
  turn: Turn,
  index: number,
  result: ToolResult,
  interrupted = false,
): JournalLine {
  const call = callAt(turn, index);
  const times = timesMade(run.state.messages, call);
  const hint = times < repeatsBeforeHint ? "" : repeatHint(times);
  return {
    kind: "tool-result",
    step: turn.step,
    index,
    ok: result.ok,
    text: result.text + hint,
    interrupted,
    sent: result.sent ?? null,
    ...(result.denial === undefined ? {} : { denial: result.denial }),
    at: run.now(),
  };
}

const repeatsBeforeHint = 3;

const repeatHint = (times: number): string =>
  `\n[You made exactly this call ${times} times. Its result will not change by repeating it: ` +
  "try another way, or answer with what you know.]";

/** The latest turn's calls are part of `messages` already. */
const timesMade = (messages: readonly Message[], call: ToolCall): number =>
  messages
    .flatMap((message) => (message.role === "assistant" ? (message.tool_calls ?? []) : []))
    .filter(
      (made) =>
        made.type === "function" &&
        made.function.name === call.name &&
        made.function.arguments === call.arguments,
    ).length;

export function callAt(turn: Turn, index: number): ToolCall {
  const call = turn.calls[index - 1];
  if (call === undefined) throw new RangeError(`turn ${turn.step} has no call ${index}`);
  return call;
}
