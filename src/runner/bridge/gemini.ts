/**
 * Google's generateContent format over the gateway's chat completions: answers whole or as a stream of events.
 *
 * The address names the model and the form of the answer. Text goes on as it comes; calls of tools come with the last
 * event, because this format has no parts of them.
 */
import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { sseEvent } from "../../model/sse.ts";
import type { ModelReply, ToolCall } from "../../model/types.ts";
import type { JsonObject } from "../../system/json.ts";
import {
  type Door,
  type Failure,
  finishOf,
  type Speaker,
  send,
  sendJson,
  startStream,
} from "./doors.ts";
import { chatRequestTo } from "./gemini-request.ts";

const address = /^\/v1(?:beta)?\/models\/([^/:]+):(generateContent|streamGenerateContent)$/;

/** Null: the address is none of this format. */
export function geminiDoorAt(pathname: string, query: URLSearchParams): Door | null {
  const [, encoded = "", act = ""] = address.exec(pathname) ?? [];
  if (act === "") return null;
  const isStreamed = act === "streamGenerateContent";
  const isOdd = isStreamed && query.get("alt") !== "sse";
  const model = decoded(encoded);
  return {
    request: (body) =>
      isOdd ? "streams are sent as events only: ask with alt=sse" : chatRequestTo(model, body),
    speaker: (response) => (isStreamed ? streamed(response, model) : whole(response)),
    refuse,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return text;
  }
}

const statuses: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  402: "FAILED_PRECONDITION",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  413: "INVALID_ARGUMENT",
  429: "RESOURCE_EXHAUSTED",
  503: "UNAVAILABLE",
};

const errorOf = ({ status, message }: Failure): JsonObject => ({
  error: { code: status, message, status: statuses[status] ?? "INTERNAL" },
});

const refuse: Door["refuse"] = (response, failure) => sendJson(response, errorOf(failure), failure);

interface Said {
  readonly id: string;
  readonly model: string;
  readonly parts: readonly JsonObject[];
}

const answerOf = (
  { id, model, parts }: Said,
  end: JsonObject = {},
  more: JsonObject = {},
): JsonObject => ({
  candidates: [{ content: { role: "model", parts }, index: 0, ...end }],
  ...more,
  modelVersion: model,
  responseId: id,
});

const endOf = (finish: string | null): JsonObject => ({
  finishReason: finish === "length" ? "MAX_TOKENS" : "STOP",
});

const usageOf = ({ usage }: ModelReply): JsonObject => ({
  usageMetadata: {
    promptTokenCount: usage.input,
    candidatesTokenCount: usage.output,
    totalTokenCount: usage.input + usage.output,
  },
});

const callOf = ({ id, name, arguments: text }: ToolCall): JsonObject => ({
  functionCall: {
    id: id === "" ? randomUUID() : id,
    name,
    args: text.trim() === "" ? {} : (JSON.parse(text) as unknown),
  },
});

function whole(response: ServerResponse): Speaker {
  let finish: string | null = null;
  return {
    chunk(chunk) {
      finish = finishOf(chunk) ?? finish;
      return Promise.resolve();
    },
    end(reply) {
      const text = reply.text === "" ? [] : [{ text: reply.text }];
      const parts = [...text, ...reply.toolCalls.map(callOf)];
      const said = { id: randomUUID(), model: reply.model, parts };
      sendJson(response, answerOf(said, endOf(finish), usageOf(reply)));
      return Promise.resolve();
    },
    fail: (failure) => refuse(response, failure),
  };
}

function streamed(response: ServerResponse, model: string): Speaker {
  const id = randomUUID();
  let finish: string | null = null;
  const begin = (): void => {
    if (!response.headersSent) startStream(response);
  };
  return {
    async chunk(chunk, delta) {
      begin();
      finish = finishOf(chunk) ?? finish;
      if (delta !== "")
        await send(response, sseEvent(answerOf({ id, model, parts: [{ text: delta }] })));
    },
    async end(reply) {
      const parts = reply.toolCalls.map(callOf);
      begin();
      const last = answerOf({ id, model, parts }, endOf(finish), usageOf(reply));
      await send(response, sseEvent(last));
      response.end();
    },
    fail(failure) {
      if (!response.headersSent) return refuse(response, failure);
      response.end(sseEvent(errorOf(failure)));
    },
  };
}
