/**
 * A request of Google's generateContent format, as chat completions have it. Pure.
 *
 * Thoughts and what only that vendor's models and filters need are left out; the vendor's own tools, its stored files and
 * caches, and several answers at once are refused in words.
 */

import { isObject, type JsonObject } from "../../system/json.ts";
import { choiceOf, functionsOf, plainSchema } from "./gemini-tools.ts";
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

const known: ReadonlySet<string> = new Set([
  ...["contents", "generationConfig", "systemInstruction", "toolConfig", "tools"],
  // Nothing is promised about these.
  ...["labels", "model", "safetySettings", "session_id"],
]);

export const chatRequestTo = (model: string, body: JsonObject): JsonObject | string =>
  bridged(() => {
    onlyKnown(body, known);
    const contents = listOf(body["contents"], "contents");
    const tools = listOf(body["tools"], "tools").flatMap(functionsOf);
    const system = textsOf(partsOf(systemOf(body["systemInstruction"])));
    return {
      model,
      messages: [
        ...(system === "" ? [] : [{ role: "system", content: system }]),
        ...messagesOf(contents),
      ],
      ...configOf(body["generationConfig"] ?? {}),
      ...(tools.length === 0 ? {} : { tools, ...choiceOf(body["toolConfig"]) }),
    };
  });

const systemOf = (value: unknown): JsonObject => {
  if (typeof value === "string") return { parts: [{ text: value }] };
  return isObject(value) ? value : {};
};

/** Thoughts were thought by another model. */
const partsOf = ({ parts }: JsonObject): JsonObject[] =>
  listOf(parts, "parts").filter(({ thought }) => thought !== true);

const textsOf = (parts: readonly JsonObject[]): string =>
  parts.flatMap(({ text }) => (typeof text === "string" ? [text] : [])).join("\n\n");

/** Calls that have no result yet. Their ids are optional here, and a must in the gateway's format. */
interface Open {
  readonly calls: { readonly id: string; readonly name: unknown }[];
  count: number;
}

function messagesOf(contents: readonly JsonObject[]): JsonObject[] {
  const open: Open = { calls: [], count: 0 };
  return contents.flatMap((content) => {
    const { role = "user" } = content;
    const parts = partsOf(content);
    if (role === "model") return spokenBy(parts, open);
    if (role === "user" || role === "function") return heardFrom(parts, open);
    throw new NotBridged("a content is of role user or model");
  });
}

function spokenBy(parts: readonly JsonObject[], open: Open): JsonObject[] {
  const other = parts.find(
    ({ text, functionCall: call }) => typeof text !== "string" && !isObject(call),
  );
  if (other !== undefined) throw notBridged(kindOf(other));
  const calls = parts.flatMap(({ functionCall: call }) =>
    isObject(call) ? [callOf(call, open)] : [],
  );
  const text = textsOf(parts);
  return text === "" && calls.length === 0 ? [] : [assistantOf(text, calls)];
}

function callOf({ id, name, args }: JsonObject, open: Open): FunctionCall {
  open.count += 1;
  const own = typeof id === "string" && id !== "" ? id : `call-${open.count}`;
  open.calls.push({ id: own, name });
  return { id: own, name, text: JSON.stringify(args ?? {}) };
}

/** Results come first: they must follow the calls that they belong to. */
function heardFrom(parts: readonly JsonObject[], open: Open): JsonObject[] {
  const results = parts.flatMap(({ functionResponse: result }) =>
    isObject(result) ? [result] : [],
  );
  const inResults = results.flatMap(({ parts: more }) => listOf(more, "parts").map(heardOf));
  const rest = parts.filter(({ functionResponse: result }) => !isObject(result)).map(heardOf);
  const said = [...inResults, ...rest];
  return [
    ...results.map((result) => resultOf(result, open)),
    ...(said.length === 0 ? [] : [{ role: "user", content: contentOf(said) }]),
  ];
}

function resultOf({ id, name, response }: JsonObject, { calls }: Open): JsonObject {
  const index = calls.findIndex((call) => (id ?? "") === call.id);
  const place = index >= 0 ? index : calls.findIndex((call) => call.name === name);
  const [call] = place < 0 ? [] : calls.splice(place, 1);
  if (call === undefined) throw new NotBridged("a functionResponse must follow its functionCall");
  return { role: "tool", tool_call_id: call.id, content: wordsOf(response) };
}

/** Most programs put their words into `output` or `error` alone. */
function wordsOf(response: unknown): string {
  if (!isObject(response)) return JSON.stringify(response ?? {});
  const [[key, value] = [], ...more] = Object.entries(response);
  const isPlain = more.length === 0 && typeof value === "string";
  if (isPlain && (key === "output" || key === "result")) return value;
  if (isPlain && key === "error") return `Error: ${value}`;
  return JSON.stringify(response);
}

function heardOf(part: JsonObject): JsonObject {
  const { text, inlineData: data } = part;
  if (typeof text === "string") return { type: "text", text };
  const kind = isObject(data) ? String(data["mimeType"]) : "";
  if (!isObject(data) || !kind.startsWith("image/")) throw notBridged(kind || kindOf(part));
  return { type: "image_url", image_url: { url: `data:${kind};base64,${String(data["data"])}` } };
}

const kindOf = (part: JsonObject): string => Object.keys(part)[0] ?? "an empty part";

const ofConfig: ReadonlySet<string> = new Set([
  ...[
    "candidateCount",
    "frequencyPenalty",
    "maxOutputTokens",
    "presencePenalty",
    "responseMimeType",
  ],
  ...[
    "responseJsonSchema",
    "responseSchema",
    "seed",
    "stopSequences",
    "temperature",
    "topK",
    "topP",
  ],
  // Thinking is the model's own matter; it answers in words.
  ...["responseModalities", "thinkingConfig"],
]);

function configOf(config: unknown): JsonObject {
  if (!isObject(config)) throw new NotBridged("generationConfig must be an object");
  onlyKnown(config, ofConfig);
  if ((config["candidateCount"] ?? 1) !== 1)
    throw new NotBridged("one answer to a request is all there is here");
  return given({
    max_tokens: config["maxOutputTokens"],
    temperature: config["temperature"],
    top_p: config["topP"],
    top_k: config["topK"],
    seed: config["seed"],
    stop: config["stopSequences"],
    presence_penalty: config["presencePenalty"],
    frequency_penalty: config["frequencyPenalty"],
    response_format: formOf(config),
  });
}

function formOf({
  responseMimeType: type,
  responseSchema,
  responseJsonSchema,
}: JsonObject): JsonObject | null {
  if (type !== "application/json") return null;
  const schema = responseJsonSchema ?? (responseSchema && plainSchema(responseSchema));
  if (!isObject(schema)) return { type: "json_object" };
  return { type: "json_schema", json_schema: { name: "answer", schema } };
}
