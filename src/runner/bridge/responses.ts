/**
 * OpenAI's responses format over the gateway's chat completions: answers whole or as a stream of events.
 *
 * Text goes on as it comes. Calls of tools are told when the answer is whole: their parts may come interleaved, and items
 * of this format may not. Nothing is stored: an answer cannot be asked for again.
 */
import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { ModelReply, ToolCall } from "../../model/types.ts";
import type { JsonObject } from "../../system/json.ts";
import {
  type Door,
  type Failure,
  finishOf,
  openaiDoor,
  type Speaker,
  send,
  sendJson,
  startStream,
} from "./doors.ts";
import { chatRequestOf } from "./responses-request.ts";
import { type Named, namesIn } from "./responses-tools.ts";

export const responsesDoor: Door = {
  request: chatRequestOf,
  speaker: (response, body) =>
    body["stream"] === true ? streamed(response, body) : whole(response, body),
  refuse: openaiDoor.refuse,
};

const newId = (kind: string): string => `${kind}_${randomUUID().replaceAll("-", "")}`;

const newResponse = (body: JsonObject): JsonObject => ({
  id: newId("resp"),
  object: "response",
  created_at: Math.floor(Date.now() / 1000),
  status: "in_progress",
  model: body["model"],
  output: [],
  error: null,
  incomplete_details: null,
  instructions: null,
  metadata: {},
  parallel_tool_calls: body["parallel_tool_calls"] ?? true,
  previous_response_id: null,
  store: false,
  temperature: body["temperature"] ?? null,
  text: { format: { type: "text" } },
  tool_choice: body["tool_choice"] ?? "auto",
  tools: [],
  top_p: body["top_p"] ?? null,
  truncation: "disabled",
  usage: null,
});

interface End {
  readonly reply: ModelReply;
  readonly finish: string | null;
  readonly output: readonly JsonObject[];
}

function ended(response: JsonObject, { reply, finish, output }: End): JsonObject {
  const isCut = finish === "length";
  return {
    ...response,
    model: reply.model,
    status: isCut ? "incomplete" : "completed",
    incomplete_details: isCut ? { reason: "max_output_tokens" } : null,
    output,
    usage: {
      input_tokens: reply.usage.input,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: reply.usage.output,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: reply.usage.input + reply.usage.output,
    },
  };
}

const partOf = (text: string): JsonObject => ({ type: "output_text", text, annotations: [] });

const messageOf = (id: string, text: string): JsonObject => ({
  ...{ type: "message", id, status: "completed", role: "assistant" },
  content: [partOf(text)],
});

type Names = ReadonlyMap<unknown, Named>;

function callOf({ id, name: seen, arguments: text }: ToolCall, names: Names): JsonObject {
  const call_id = id === "" ? newId("call") : id;
  const { isCustom, ...name } = names.get(seen) ?? { name: seen, isCustom: false };
  if (isCustom)
    return { type: "custom_tool_call", id: newId("ctc"), call_id, ...name, input: inputIn(text) };
  const args = text.trim() === "" ? "{}" : text;
  const status = "completed";
  return { type: "function_call", id: newId("fc"), call_id, ...name, arguments: args, status };
}

/** As the function that stands in for such a tool was declared; what does not fit goes on as it is. */
function inputIn(text: string): string {
  try {
    const { input } = JSON.parse(text) as { readonly input?: unknown };
    return typeof input === "string" ? input : text;
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
    return text;
  }
}

function whole(response: ServerResponse, body: JsonObject): Speaker {
  const names = namesIn(body);
  let finish: string | null = null;
  return {
    chunk(chunk) {
      finish = finishOf(chunk) ?? finish;
      return Promise.resolve();
    },
    end(reply) {
      const spoken = reply.text === "" ? [] : [messageOf(newId("msg"), reply.text)];
      const output = [...spoken, ...reply.toolCalls.map((call) => callOf(call, names))];
      sendJson(response, ended(newResponse(body), { reply, finish, output }));
      return Promise.resolve();
    },
    fail: (failure) => responsesDoor.refuse(response, failure),
  };
}

type Tell = (type: string, more: JsonObject) => Promise<void>;

function streamed(response: ServerResponse, body: JsonObject): Speaker {
  const names = namesIn(body);
  const empty = newResponse(body);
  const eventOf = numbered();
  const tell: Tell = (type, more) => send(response, eventOf(type, more));
  const message = spokenMessage(tell);
  let finish: string | null = null;
  const begin = async (): Promise<void> => {
    if (response.headersSent) return;
    startStream(response);
    await tell("response.created", { response: empty });
    await tell("response.in_progress", { response: empty });
  };
  return {
    async chunk(chunk, delta) {
      await begin();
      finish = finishOf(chunk) ?? finish;
      if (delta !== "") await message.add(delta);
    },
    async end(reply) {
      await begin();
      const spoken = await message.end(reply.text);
      const calls = reply.toolCalls.map((call) => callOf(call, names));
      for (const [index, call] of calls.entries())
        await tellCall(tell, spoken.length + index, call);
      const last = ended(empty, { reply, finish, output: [...spoken, ...calls] });
      await tell(`response.${String(last["status"])}`, { response: last });
      response.end();
    },
    fail(failure) {
      if (!response.headersSent) return responsesDoor.refuse(response, failure);
      const error = { code: codeOf(failure), message: failure.message };
      response.end(eventOf("response.failed", { response: { ...empty, status: "failed", error } }));
    },
  };
}

const codeOf = ({ status }: Failure): string =>
  status === 429 ? "rate_limit_exceeded" : "server_error";

function numbered(): (type: string, more: JsonObject) => string {
  let count = 0;
  return (type, more) => {
    const event = { type, sequence_number: count, ...more };
    count += 1;
    return `event: ${type}\ndata: ${JSON.stringify(event)}\n\n`;
  };
}

/** The item that holds what the model says, as it says it; always the first. */
function spokenMessage(tell: Tell) {
  const item_id = newId("msg");
  const place = { item_id, output_index: 0, content_index: 0 };
  let isOpen = false;
  return {
    async add(delta: string): Promise<void> {
      if (!isOpen) {
        const item = { ...messageOf(item_id, ""), status: "in_progress", content: [] };
        await tell("response.output_item.added", { output_index: 0, item });
        await tell("response.content_part.added", { ...place, part: partOf("") });
      }
      isOpen = true;
      await tell("response.output_text.delta", { ...place, delta, logprobs: [] });
    },
    async end(text: string): Promise<readonly JsonObject[]> {
      if (!isOpen) return [];
      const item = messageOf(item_id, text);
      await tell("response.output_text.done", { ...place, text, logprobs: [] });
      await tell("response.content_part.done", { ...place, part: partOf(text) });
      await tell("response.output_item.done", { output_index: 0, item });
      return [item];
    },
  };
}

async function tellCall(tell: Tell, output_index: number, item: JsonObject): Promise<void> {
  const isCustom = item["type"] === "custom_tool_call";
  const [kind, key] = isCustom ? ["custom_tool_call_input", "input"] : callParts;
  const text = item[key ?? ""];
  const place = { item_id: item["id"], output_index };
  const added = { ...item, [key ?? ""]: "", ...(isCustom ? {} : { status: "in_progress" }) };
  await tell("response.output_item.added", { output_index, item: added });
  await tell(`response.${kind}.delta`, { ...place, delta: text });
  await tell(`response.${kind}.done`, { ...place, [key ?? ""]: text });
  await tell("response.output_item.done", { output_index, item });
}

const callParts = ["function_call_arguments", "arguments"] as const;
