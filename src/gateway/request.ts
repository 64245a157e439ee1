/**
 * What callers may put into a request, and what the call may use at most. Pure.
 *
 * Only keys are passed on whose price is in the tokens: a list of other models, a faster tier or a search
 * on the web would cost what no reservation knows. The input is estimated from its bytes, 3 to a token.
 */

import { isObject, type JsonObject } from "../system/json.ts";
import { type Problem, problem } from "./problem.ts";
import type { Body, Endpoint } from "./upstream.ts";

/** Where nobody says how long an answer may be. */
export const defaultOutputTokens = 8192;
export const bytesPerToken = 3;
/** Of the task that a caller names; what is longer is cut. */
export const maxTaskChars = 200;
/** An image elsewhere, of which only the address is in the request. */
const tokensPerLink = 4096;
/** An image in the request, however many bytes it has: providers scale it down. The dearest count so many. */
const mostPerImage = 49_152;
const maxChoices = 16;

const passed: Readonly<Record<Endpoint, ReadonlySet<string>>> = {
  "/chat/completions": new Set([
    ...["model", "messages", "stream", "stream_options", "user"],
    ...["tools", "tool_choice", "parallel_tool_calls", "response_format"],
    ...["temperature", "top_p", "top_k", "min_p", "seed", "stop", "logit_bias"],
    ...["presence_penalty", "frequency_penalty", "repetition_penalty", "logprobs", "top_logprobs"],
    ...["reasoning", "reasoning_effort", "verbosity", "max_tokens", "max_completion_tokens", "n"],
  ]),
  "/embeddings": new Set(["model", "input", "dimensions", "encoding_format", "user"]),
};
const knownParts = ["text", "refusal", "image_url", "input_audio"];
const knownTools = ["function", "custom"];

export interface Estimate {
  readonly input: number;
  readonly output: number;
  /** Output limit of each choice, to be written into the request; null = as the caller wrote it. */
  readonly limit: number | null;
}

export interface Caps {
  /** `tokens_per_call`, or null. */
  readonly perCall: number | null;
  /** Something limits this caller: the reservation must hold, so the request must say it. */
  readonly isLimited: boolean;
}

/** `bytes` is the size of the request as it came. */
export function estimateOf(
  endpoint: Endpoint,
  body: Body,
  bytes: number,
  caps: Caps,
): Estimate | Problem {
  const odd = oddityOf(endpoint, body);
  if (odd !== null) return problem(400, odd);
  const { links, spare } = imagesIn(body);
  const input = Math.ceil((bytes - spare) / bytesPerToken) + tokensPerLink * links;
  if (endpoint === "/embeddings") return { input, output: 0, limit: null };
  const asked = Math.max(numberAt(body, "max_completion_tokens"), numberAt(body, "max_tokens"));
  const wanted = asked || (caps.perCall ?? defaultOutputTokens);
  const each = Math.min(wanted, caps.perCall ?? wanted);
  const limit = caps.isLimited || caps.perCall !== null ? each : null;
  return { input, output: each * (numberAt(body, "n") || 1), limit };
}

/** 0 = not given. */
const numberAt = (body: Body, key: string): number => {
  const value = body[key];
  return typeof value === "number" ? value : 0;
};

function oddityOf(endpoint: Endpoint, body: Body): string | null {
  const unknown = Object.keys(body).find((key) => !passed[endpoint].has(key));
  if (unknown !== undefined) return `\`${unknown.slice(0, 80)}\` is not passed on to a model`;
  for (const [key, most] of [
    ["max_tokens", Number.MAX_SAFE_INTEGER],
    ["max_completion_tokens", Number.MAX_SAFE_INTEGER],
    ["n", maxChoices],
  ] as const) {
    const value = body[key] ?? 1;
    const fits = typeof value === "number" && Number.isSafeInteger(value);
    if (!fits || value < 1 || value > most) return `\`${key}\` must be a number from 1 to ${most}`;
  }
  const part = parts(body).find(({ type }) => !knownParts.includes(String(type)));
  if (part !== undefined) return "a message may have parts of text, image_url and input_audio only";
  const tools: unknown = body["tools"] ?? [];
  const isKnown = (tool: unknown) => isObject(tool) && knownTools.includes(String(tool["type"]));
  return Array.isArray(tools) && tools.every(isKnown)
    ? null
    : "`tools` must be a list of functions: what a provider's own tools cost is not known before";
}

/** What messages hold that is not plain text. */
const parts = ({ messages }: Body): JsonObject[] =>
  (Array.isArray(messages) ? messages : []).flatMap((message: unknown) => {
    const content = isObject(message) ? message["content"] : null;
    return Array.isArray(content) ? content.map((part) => (isObject(part) ? part : {})) : [];
  });

/** `links`: images that lie elsewhere. `spare`: bytes of the others that cost nothing. */
function imagesIn(body: Body): { readonly links: number; readonly spare: number } {
  const urls = parts(body)
    .filter(({ type }) => type === "image_url")
    .map(({ image_url: image }) => (isObject(image) ? image["url"] : image));
  const sizes = urls.flatMap((url) =>
    typeof url === "string" && url.startsWith("data:") ? [url.length] : [],
  );
  const spare = sizes.map((size) => Math.max(0, size - mostPerImage * bytesPerToken));
  return { links: urls.length - sizes.length, spare: spare.reduce((a, b) => a + b, 0) };
}
