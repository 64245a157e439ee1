/** The rule engine as a layer: its answers where it is sure of them. Never: throws, or costs anything. */
import type { CascadeAnswer, Tried } from "../../agent/cascade/look.ts";
import { type ReflexAnswer, reflex, surely } from "../../model/reflex/index.ts";
import type { Message, ToolSpec } from "../../model/types.ts";
import type { Task } from "../../task/task.ts";

const label = "builtin/reflex";

const answerOf = ({ text, toolCalls }: ReflexAnswer): CascadeAnswer => ({
  text,
  toolCalls: toolCalls.map((call, at) => ({
    id: `reflex-${at + 1}`,
    name: call.name,
    arguments: JSON.stringify(call.arguments),
  })),
  model: label,
});

export function lookByRules(
  { from, trust, id, request }: Task,
  tools: readonly ToolSpec["function"][],
): Tried {
  if (request.doneWhen !== null) return { verdict: "skipped", why: "it demands checks" };
  if (request.attachments.length > 0) return { verdict: "skipped", why: "it names files" };
  const { replyTo, text } = request;
  const framed = { id, from: from.name, trust, replyTo, text };
  const answer = surely(framed, new Set(tools.map(({ name }) => name)));
  if (answer === null) return { verdict: "miss", why: "no rule is sure of it" };
  const calls = answer.toolCalls.map(({ name }) => name).join(", ");
  return { verdict: "hit", why: `a rule asks ${calls}`, answer: answerOf(answer) };
}

/** Null when it wants to call tools again. */
export function wordsOfRules(
  messages: readonly Message[],
  tools: readonly ToolSpec["function"][],
): CascadeAnswer | null {
  const specs = tools.map((one) => ({ type: "function", function: one }) as const);
  const answer = reflex({ messages, tools: specs });
  return answer.toolCalls.length > 0 ? null : answerOf(answer);
}
