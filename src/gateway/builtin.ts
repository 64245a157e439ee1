/** `builtin/reflex` in the wire format of any other model: one answer, streamed in a few chunks. */
import { randomUUID } from "node:crypto";
import { type ReflexAnswer, reflex } from "../model/reflex/index.ts";
import { sseDone, sseEvent } from "../model/sse.ts";
import type { Message, ToolSpec } from "../model/types.ts";
import type { Body, Reply } from "./upstream.ts";

const label = "builtin/reflex";

/** Takes the same way back to the caller as the answer of an upstream. */
export function answerBuiltin(body: Body, nowMs: number): Reply {
  const answer = reflex({ messages: messagesOf(body), tools: toolsOf(body) });
  const id = `reflex-${randomUUID()}`;
  const created = Math.floor(nowMs / 1000);
  const text =
    body["stream"] === true
      ? streamed(answer, id, created)
      : JSON.stringify(whole(answer, id, created));
  return { body: [Buffer.from(text)] };
}

const messagesOf = (body: Body): readonly Message[] =>
  Array.isArray(body["messages"]) ? (body["messages"] as Message[]) : [];
const toolsOf = (body: Body): readonly ToolSpec[] =>
  Array.isArray(body["tools"]) ? (body["tools"] as ToolSpec[]) : [];

const finishOf = (answer: ReflexAnswer): string =>
  answer.toolCalls.length > 0 ? "tool_calls" : "stop";

const callsOf = (answer: ReflexAnswer) =>
  answer.toolCalls.map((call, index) => ({
    index,
    id: `call_${randomUUID()}`,
    type: "function",
    function: { name: call.name, arguments: JSON.stringify(call.arguments) },
  }));

/** A rule engine reads no tokens: all counts are 0. */
const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

function streamed(answer: ReflexAnswer, id: string, created: number): string {
  const chunk = (delta: unknown, finish: string | null) =>
    sseEvent({
      id,
      object: "chat.completion.chunk",
      created,
      model: label,
      choices: [{ index: 0, delta, finish_reason: finish }],
    });
  const calls = callsOf(answer);
  return [
    chunk({ role: "assistant", content: answer.text }, null),
    ...(calls.length > 0 ? [chunk({ tool_calls: calls }, null)] : []),
    chunk({}, finishOf(answer)),
    sseEvent({ id, object: "chat.completion.chunk", created, model: label, choices: [], usage }),
    sseEvent(sseDone),
  ].join("");
}

function whole(answer: ReflexAnswer, id: string, created: number): Body {
  const calls = callsOf(answer).map(({ index: _, ...call }) => call);
  const message = {
    role: "assistant",
    content: answer.text,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
  return {
    id,
    object: "chat.completion",
    created,
    model: label,
    choices: [{ index: 0, message, finish_reason: finishOf(answer) }],
    usage,
  };
}
