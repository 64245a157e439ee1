/**
 * A request of Anthropic's messages format, as chat completions have it. Pure.
 *
 * What only a vendor's own models have (thinking, caches, betas) is left out; what would be answered wrongly without it
 * (a vendor's own tools, documents) is refused in words.
 */

import { isObject, type JsonObject } from "../../system/json.ts";
import {
  assistantOf,
  bridged,
  given,
  listOf,
  NotBridged,
  notBridged,
  toolOf,
} from "./not-bridged.ts";

export const chatRequest = (body: JsonObject): JsonObject | string =>
  bridged(() => {
    const { model, max_tokens, temperature, top_p, top_k, stop_sequences: stop } = body;
    const said = listOf(body["messages"], "messages");
    const tools = listOf(body["tools"], "tools").map(ownTool);
    return {
      model,
      messages: [...systemOf(body["system"]), ...said.flatMap(messagesOf)],
      ...given({ max_tokens, temperature, top_p, top_k, stop }),
      ...(tools.length === 0 ? {} : { tools, ...choiceOf(body["tool_choice"]) }),
    };
  });

/** Content is a text, or a list of blocks. */
const blocksOf = (content: unknown): JsonObject[] =>
  typeof content === "string" ? [{ type: "text", text: content }] : listOf(content, "content");

const textsOf = (blocks: readonly JsonObject[]): string =>
  blocks.flatMap(({ text }) => (typeof text === "string" ? [text] : [])).join("\n\n");

function systemOf(system: unknown): JsonObject[] {
  const text = textsOf(blocksOf(system));
  return text === "" ? [] : [{ role: "system", content: text }];
}

const messagesOf = ({ role, content }: JsonObject): JsonObject[] => {
  const blocks = blocksOf(content);
  if (role === "assistant") return [assistant(blocks)];
  if (role === "user") return user(blocks);
  // Some clients put system words in between.
  if (role === "system") return systemOf(content);
  throw new NotBridged("a message is of role user or assistant");
};

/** Thinking is left out: it is signed for the model that thought it. */
function assistant(blocks: readonly JsonObject[]): JsonObject {
  const spoken = blocks.filter(({ type }) => type === "text");
  const calls = blocks.filter(({ type }) => type === "tool_use");
  const other = blocks.find(({ type }) => !ofAssistant.has(String(type)));
  if (other !== undefined) throw notBridged(other["type"]);
  return assistantOf(
    textsOf(spoken),
    calls.map(({ id, name, input }) => ({ id, name, text: JSON.stringify(input ?? {}) })),
  );
}

const ofAssistant: ReadonlySet<string> = new Set([
  "text",
  "tool_use",
  "thinking",
  "redacted_thinking",
]);

/** Results of tools come first: they must follow the calls that they belong to. */
function user(blocks: readonly JsonObject[]): JsonObject[] {
  const results = blocks.filter(({ type }) => type === "tool_result");
  const images = results.flatMap(({ content }) => blocksOf(content).filter(isImage));
  const rest = [...images, ...blocks.filter(({ type }) => type !== "tool_result")];
  return [
    ...results.map(toolResult),
    ...(rest.length === 0 ? [] : [{ role: "user", content: partsOf(rest) }]),
  ];
}

const isImage = ({ type }: JsonObject): boolean => type === "image";

function toolResult({ tool_use_id: id, content, is_error: isError }: JsonObject): JsonObject {
  const text = textsOf(blocksOf(content).filter((block) => !isImage(block)));
  const said = isError === true ? `Error: ${text}` : text;
  return { role: "tool", tool_call_id: id, content: said };
}

const partsOf = (blocks: readonly JsonObject[]): string | JsonObject[] =>
  blocks.every(({ type }) => type === "text") ? textsOf(blocks) : blocks.map(partOf);

function partOf(block: JsonObject): JsonObject {
  if (block["type"] === "text") return { type: "text", text: block["text"] };
  if (!isImage(block)) throw notBridged(block["type"]);
  const { source } = block;
  if (!isObject(source)) throw notBridged(block["type"]);
  const { type, media_type: kind, data, url } = source;
  if (type === "url") return { type: "image_url", image_url: { url } };
  if (type !== "base64") throw notBridged(block["type"]);
  return { type: "image_url", image_url: { url: `data:${String(kind)};base64,${String(data)}` } };
}

/** A vendor's own tools have a type of their own. */
function ownTool({ type, name, description, input_schema: parameters }: JsonObject): JsonObject {
  if (type !== undefined && type !== null && type !== "custom") throw notBridged(type);
  return toolOf(name, description, parameters);
}

function choiceOf(choice: unknown): JsonObject {
  if (!isObject(choice)) return {};
  const { type, name, disable_parallel_tool_use: isAlone } = choice;
  const one = { type: "function", function: { name } };
  const known: Readonly<Record<string, unknown>> = {
    auto: "auto",
    any: "required",
    none: "none",
    tool: one,
  };
  if (!Object.hasOwn(known, String(type))) throw notBridged(choice["type"]);
  return {
    tool_choice: known[String(type)],
    ...(isAlone === true ? { parallel_tool_calls: false } : {}),
  };
}
