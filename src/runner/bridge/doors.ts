/**
 * A wire format that programs speak, as the bridge sees it; and the first of them, OpenAI's chat completions, which the
 * gateway speaks itself.
 *
 * What a client sends for its vendor alone, and what changes nothing about the answer, is left out; whatever else the
 * gateway does not pass on, it refuses in words.
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { sseDone, sseEvent } from "../../model/sse.ts";
import type { ModelReply, ToolCall } from "../../model/types.ts";
import { isObject, type JsonObject } from "../../system/json.ts";

export interface Failure {
  readonly status: number;
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

/** Answers one call. */
export interface Speaker {
  /** A chunk of the gateway's stream, and the text in it. */
  readonly chunk: (chunk: JsonObject, delta: string) => Promise<void>;
  readonly end: (reply: ModelReply) => Promise<void>;
  /** Also when a part was sent already. */
  readonly fail: (failure: Failure) => void;
}

export interface Door {
  /** As the gateway wants it, or why it cannot be put so. */
  readonly request: (body: JsonObject) => JsonObject | string;
  readonly speaker: (response: ServerResponse, body: JsonObject) => Speaker;
  readonly refuse: (response: ServerResponse, failure: Failure) => void;
}

/** Waits where the client reads slowly; one that has gone ends the call. */
export async function send(response: ServerResponse, text: string): Promise<void> {
  const { socket } = response.req;
  if (socket.destroyed) throw new Error("the program has gone");
  if (response.write(text)) return;
  const waiting = new AbortController();
  const { signal } = waiting;
  const ends = [once(response, "drain", { signal }), once(socket, "close", { signal })];
  // Whichever comes first; nobody listens for the other any more.
  await Promise.race(ends).finally(() => waiting.abort());
}

export function sendJson(
  response: ServerResponse,
  value: unknown,
  { status, retryAfterSeconds }: Omit<Failure, "message"> = { status: 200 },
): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  response.writeHead(status, {
    "content-type": "application/json",
    ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
  });
  response.end(JSON.stringify(value));
}

export const startStream = (response: ServerResponse): void =>
  void response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
  });

const leftOut: ReadonlySet<string> = new Set([
  ...["store", "metadata", "prompt_cache_key", "prompt_cache_retention"],
  ...["safety_identifier", "service_tier", "stream", "stream_options", "user"],
]);

export const openaiDoor: Door = {
  request(body) {
    if ((body["n"] ?? 1) !== 1) return "one answer to a request is all there is here";
    return Object.fromEntries(Object.entries(body).filter(([key]) => !leftOut.has(key)));
  },
  speaker: (response, body) =>
    body["stream"] === true ? streamed(response, body) : whole(response),
  refuse: (response, failure) => sendJson(response, errorOf(failure), failure),
};

const errorOf = ({ status, message }: Failure): JsonObject => ({
  error: { message, type: status === 402 ? "budget" : "con", code: status },
});

function streamed(response: ServerResponse, body: JsonObject): Speaker {
  const { stream_options: options } = body;
  const wantsUsage = isObject(options) && options["include_usage"] === true;
  startStream(response);
  return {
    async chunk(chunk) {
      // The gateway's own account of the call is not for programs, and usage only for those that ask.
      const isAccount = chunk["object"] === "con.call" || (hasNoChoice(chunk) && !wantsUsage);
      if (!isAccount) await send(response, sseEvent(chunk));
    },
    async end() {
      await send(response, sseEvent(sseDone));
      response.end();
    },
    fail: (failure) => void response.end(sseEvent(errorOf(failure))),
  };
}

const hasNoChoice = ({ choices }: JsonObject): boolean =>
  Array.isArray(choices) && choices.length === 0;

function whole(response: ServerResponse): Speaker {
  let reason = "stop";
  return {
    chunk(chunk) {
      reason = finishOf(chunk) ?? reason;
      return Promise.resolve();
    },
    end(reply) {
      sendJson(response, completionOf(reply, reason));
      return Promise.resolve();
    },
    fail: (failure) => openaiDoor.refuse(response, failure),
  };
}

export function finishOf({ choices }: JsonObject): string | null {
  const choice: unknown = Array.isArray(choices) ? choices[0] : null;
  const reason = isObject(choice) ? choice["finish_reason"] : null;
  return typeof reason === "string" ? reason : null;
}

const completionOf = (
  { text, toolCalls, model, usage }: ModelReply,
  reason: string,
): JsonObject => ({
  id: `chatcmpl-${randomUUID()}`,
  object: "chat.completion",
  created: Math.floor(Date.now() / 1000),
  model,
  choices: [
    {
      index: 0,
      message: {
        role: "assistant",
        content: text === "" && toolCalls.length > 0 ? null : text,
        ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls.map(callOf) }),
      },
      finish_reason: reason,
    },
  ],
  usage: {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
  },
});

const callOf = ({ id, name, arguments: text }: ToolCall): JsonObject => ({
  id,
  type: "function",
  function: { name, arguments: text },
});
