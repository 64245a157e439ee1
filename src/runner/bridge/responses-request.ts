/**
 * A request of OpenAI's responses format, as chat completions have it. Pure.
 *
 * The stateless part of it: everything that is said before comes along in `input`. What would have to be remembered here
 * (`previous_response_id`, conversations, stored prompts) and the vendor's own tools are refused in words; reasoning is left
 * out, because it is sealed for the model that thought it.
 */

import { isObject, type JsonObject } from "../../system/json.ts";
import {
  assistantOf,
  bridged,
  contentOf,
  type FunctionCall,
  given,
  listOf,
  NotBridged,
  notBridged,
  onlyKnown,
} from "./not-bridged.ts";
import { choiceOf, functionsOf, joined } from "./responses-tools.ts";

/** Nothing about the answer changes with them. */
const leftOut = [
  ...["background", "client_metadata", "include", "max_tool_calls", "metadata", "prompt_cache_key"],
  ...["prompt_cache_options", "prompt_cache_retention", "safety_identifier", "service_tier"],
  ...["store", "stream", "stream_options", "truncation", "user"],
];
const known: ReadonlySet<string> = new Set([
  ...leftOut,
  ...["input", "instructions", "max_output_tokens", "model", "parallel_tool_calls", "reasoning"],
  ...["temperature", "text", "tool_choice", "tools", "top_p"],
]);

export const chatRequestOf = (body: JsonObject): JsonObject | string =>
  bridged(() => {
    refuseState(body);
    onlyKnown(body, known);
    const { model, instructions, reasoning, text, temperature, top_p } = body;
    const system = typeof instructions === "string" && instructions !== "";
    const tools = listOf(body["tools"], "tools").flatMap(functionsOf);
    return {
      model,
      messages: [
        ...(system ? [{ role: "system", content: instructions }] : []),
        ...messagesOf(itemsOf(body["input"])),
      ],
      ...given({ max_tokens: body["max_output_tokens"], temperature, top_p }),
      ...given({ reasoning_effort: isObject(reasoning) ? reasoning["effort"] : null }),
      ...(isObject(text) ? formOf(text) : {}),
      ...(tools.length === 0 ? {} : { tools, ...given(choiceOf(body)) }),
    };
  });

function refuseState(body: JsonObject): void {
  const stateful = ["previous_response_id", "conversation", "prompt"].find(
    (key) => (body[key] ?? null) !== null,
  );
  if (stateful !== undefined)
    throw new NotBridged(
      `con keeps no answers, so \`${stateful}\` means nothing here: send all of the conversation as input`,
    );
  if (body["background"] === true) throw new NotBridged("con answers at once, not in background");
}

const itemsOf = (input: unknown): JsonObject[] =>
  typeof input === "string"
    ? [{ type: "message", role: "user", content: input }]
    : listOf(input, "input");

/** One message of an assistant holds what it says and all calls that it makes at once. */
function messagesOf(items: readonly JsonObject[]): JsonObject[] {
  const messages: JsonObject[] = [];
  let said: string[] = [];
  let calls: FunctionCall[] = [];
  // They must not stand between the results of one turn's calls.
  let images: JsonObject[] = [];
  const settle = (): void => {
    if (images.length > 0) messages.push({ role: "user", content: images });
    if (said.length + calls.length > 0) messages.push(assistantOf(said.join("\n\n"), calls));
    [said, calls, images] = [[], [], []];
  };
  for (const item of items) {
    const kind = kindOf(item);
    const isAssistant = kind === "message" && item["role"] === "assistant";
    if (kind === "reasoning") continue;
    if (kind === "result") {
      if (said.length + calls.length > 0) settle();
      messages.push(resultOf(item));
      images.push(...imagesOf(item["output"]));
    } else if (kind === "call") {
      if (images.length > 0) settle();
      calls.push(callOf(item));
    } else if (isAssistant) {
      if (calls.length + images.length > 0) settle();
      said.push(textOf(item["content"]));
    } else {
      settle();
      messages.push(messageOf(item));
    }
  }
  settle();
  return messages;
}

type Kind = "message" | "call" | "result" | "reasoning";

const kinds: Readonly<Record<string, Kind>> = {
  message: "message",
  function_call: "call",
  custom_tool_call: "call",
  function_call_output: "result",
  custom_tool_call_output: "result",
  reasoning: "reasoning",
};

function kindOf({ type = "message" }: JsonObject): Kind {
  const kind = Object.hasOwn(kinds, String(type)) ? kinds[String(type)] : undefined;
  if (kind === undefined) throw notBridged(type);
  return kind;
}

const roles: ReadonlySet<unknown> = new Set(["user", "system", "developer"]);

function messageOf({ role, content }: JsonObject): JsonObject {
  if (!roles.has(role)) throw new NotBridged("a message is of role user, assistant or developer");
  // `developer` is this vendor's word for it.
  const speaker = role === "user" ? "user" : "system";
  return { role: speaker, content: contentOf(blocksOf(content).map(partOf)) };
}

const blocksOf = (content: unknown): JsonObject[] =>
  typeof content === "string"
    ? [{ type: "input_text", text: content }]
    : listOf(content, "content");

const texts: ReadonlySet<unknown> = new Set(["input_text", "output_text", "text", "refusal"]);

function partOf(block: JsonObject): JsonObject {
  const { type, text, refusal, image_url: url } = block;
  if (texts.has(type)) return { type: "text", text: String(text ?? refusal ?? "") };
  if (type !== "input_image" || typeof url !== "string") throw notBridged(type);
  return { type: "image_url", image_url: { url } };
}

const textOf = (content: unknown): string => {
  const parts = blocksOf(content).map(partOf);
  return parts.flatMap(({ text }) => (typeof text === "string" ? [text] : [])).join("\n\n");
};

const imagesOf = (content: unknown): JsonObject[] =>
  blocksOf(content)
    .map(partOf)
    .filter(({ type }) => type === "image_url");

const resultOf = ({ call_id: id, output }: JsonObject): JsonObject => ({
  role: "tool",
  tool_call_id: id,
  content: textOf(output),
});

function callOf({ call_id: id, namespace, name: own, ...said }: JsonObject): FunctionCall {
  const { arguments: text, input } = said;
  const name = joined(namespace, own);
  return { id, name, text: text === undefined ? JSON.stringify({ input }) : String(text) };
}

function formOf({ format, verbosity }: JsonObject): JsonObject {
  if (!isObject(format) || format["type"] === "text") return given({ verbosity });
  const { type, name, schema, strict } = format;
  if (type === "json_object") return given({ verbosity, response_format: { type } });
  if (type !== "json_schema") throw notBridged(type);
  const json_schema = given({ name, schema, strict });
  return given({ verbosity, response_format: { type, json_schema } });
}
