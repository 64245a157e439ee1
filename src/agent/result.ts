/** The line that ends a call, with a word to a model that goes round in circles. Pure. */
import type { ToolCall } from "../model/types.ts";
import type { ToolResult } from "../tools/result.ts";
import type { JournalLine } from "./journal.ts";
import type { Run } from "./run.ts";
import type { Turn } from "./state.ts";
import { stuckHint } from "./stuck.ts";

export function resultLine(
  run: Run,
  turn: Turn,
  index: number,
  result: ToolResult,
  interrupted = false,
): JournalLine {
  const call = callAt(turn, index);
  const hint = stuckHint(run.state.habits, call, result.ok, { adviser: hasAdviser(run) });
  return {
    kind: "tool-result",
    step: turn.step,
    index,
    ok: result.ok,
    text: result.text + hint,
    interrupted,
    sent: result.sent ?? null,
    ...(result.denial === undefined ? {} : { denial: result.denial }),
    ...(result.usage === undefined ? {} : { usage: result.usage }),
    ...(result.untrusted === true ? { untrusted: true } : {}),
    at: run.now(),
  };
}

/** The tool, and the model behind it. */
const hasAdviser = ({ tools, options }: Run): boolean =>
  tools.some(({ name }) => name === "consult_adviser") &&
  options.context.models?.granted.includes("adviser") === true;

export function callAt(turn: Turn, index: number): ToolCall {
  const call = turn.calls[index - 1];
  if (call === undefined) throw new RangeError(`turn ${turn.step} has no call ${index}`);
  return call;
}
