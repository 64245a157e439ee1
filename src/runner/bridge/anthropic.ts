/**
 * Anthropic's messages format over the gateway's chat completions: answers whole or as a stream of events.
 *
 * Text goes on as it comes. Calls of tools are told when the answer is whole: their parts may come interleaved, and blocks
 * of this format may not.
 */
import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { ModelReply, ToolCall } from "../../model/types.ts";
import type { JsonObject } from "../../system/json.ts";
import { chatRequest } from "./anthropic-request.ts";
import {
  type Door,
  type Failure,
  finishOf,
  type Speaker,
  send,
  sendJson,
  startStream,
} from "./doors.ts";

export const anthropicDoor: Door = {
  request: chatRequest,
  speaker: (response, body) =>
    body["stream"] === true ? streamed(response, String(body["model"])) : whole(response),
  refuse: (response, failure) => sendJson(response, errorOf(failure), failure),
};

const errorTypes: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  503: "overloaded_error",
};

const errorOf = ({ status, message }: Failure): JsonObject => ({
  type: "error",
  error: { type: errorTypes[status] ?? "api_error", message },
});

const newMessage = (model: string): JsonObject => ({
  id: `msg_${randomUUID().replaceAll("-", "")}`,
  type: "message",
  role: "assistant",
  model,
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: 0, output_tokens: 0 },
});

const stopReason = ({ toolCalls }: ModelReply, finish: string | null): string => {
  if (toolCalls.length > 0) return "tool_use";
  return finish === "length" ? "max_tokens" : "end_turn";
};

const usageOf = ({ usage }: ModelReply): JsonObject => ({
  input_tokens: usage.input,
  output_tokens: usage.output,
});

function whole(response: ServerResponse): Speaker {
  let finish: string | null = null;
  return {
    chunk(chunk) {
      finish = finishOf(chunk) ?? finish;
      return Promise.resolve();
    },
    end(reply) {
      const text = reply.text === "" ? [] : [{ type: "text", text: reply.text }];
      const content = [...text, ...reply.toolCalls.map(toolUse)];
      const stop_reason = stopReason(reply, finish);
      const usage = usageOf(reply);
      sendJson(response, { ...newMessage(reply.model), content, stop_reason, usage });
      return Promise.resolve();
    },
    fail: (failure) => anthropicDoor.refuse(response, failure),
  };
}

const toolUse = ({ id, name, arguments: text }: ToolCall): JsonObject => ({
  type: "tool_use",
  id: idOf(id),
  name,
  input: text.trim() === "" ? {} : (JSON.parse(text) as unknown),
});

const idOf = (id: string): string => (id === "" ? `toolu_${randomUUID().replaceAll("-", "")}` : id);

function streamed(response: ServerResponse, model: string): Speaker {
  let finish: string | null = null;
  let blocks = 0;
  let isSpeaking = false;
  const event = (value: JsonObject): Promise<void> =>
    send(response, `event: ${String(value["type"])}\ndata: ${JSON.stringify(value)}\n\n`);
  const open = (block: JsonObject): Promise<void> =>
    event({ type: "content_block_start", index: blocks, content_block: block });
  const add = (delta: JsonObject): Promise<void> =>
    event({ type: "content_block_delta", index: blocks, delta });
  const close = async (): Promise<void> => {
    await event({ type: "content_block_stop", index: blocks });
    blocks += 1;
  };
  const begin = async (): Promise<void> => {
    if (response.headersSent) return;
    startStream(response);
    await event({ type: "message_start", message: newMessage(model) });
  };
  const call = async ({ id, name, arguments: text }: ToolCall): Promise<void> => {
    await open({ type: "tool_use", id: idOf(id), name, input: {} });
    await add({ type: "input_json_delta", partial_json: text.trim() === "" ? "{}" : text });
    await close();
  };
  return {
    async chunk(chunk, delta) {
      await begin();
      finish = finishOf(chunk) ?? finish;
      // So that a client which waits sees that something comes.
      if (delta === "") return event({ type: "ping" });
      if (!isSpeaking) await open({ type: "text", text: "" });
      isSpeaking = true;
      await add({ type: "text_delta", text: delta });
    },
    async end(reply) {
      await begin();
      if (isSpeaking) await close();
      for (const one of reply.toolCalls) await call(one);
      const delta = { stop_reason: stopReason(reply, finish), stop_sequence: null };
      await event({ type: "message_delta", delta, usage: usageOf(reply) });
      await event({ type: "message_stop" });
      response.end();
    },
    fail(failure) {
      if (!response.headersSent) return anthropicDoor.refuse(response, failure);
      response.end(`event: error\ndata: ${JSON.stringify(errorOf(failure))}\n\n`);
    },
  };
}
