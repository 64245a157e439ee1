/** Whether a provider refused a request because it is too long. Pure. */
import type { ModelError } from "../../model/types.ts";

/**
 * Words of OpenAI, Anthropic, Google, Mistral, Groq, Bedrock, OpenRouter, vLLM, llama.cpp and our gateway. There
 * is no common code, and a gateway in between keeps the text only.
 */
const words = [
  /context[_ ](length|window|size)/i,
  /maximum (context|model|prompt|input|number of (input )?tokens)/i,
  /(prompt|input|request|messages?) (is|are|has|have)? ?too (long|large)/i,
  /too large for model/i,
  /too many (input )?tokens/i,
  /exceeds? the (maximum|model|context|available|configured) .{0,40}(tokens?|length|limit|size)/i,
  /reduce the length of (the|your) (messages|prompt|input)/i,
  /input length and `?max_tokens`? exceed/i,
  /longer than the (maximum )?model/i,
  /the request (is larger than|has too many values)/i,
];

const statuses: ReadonlySet<number | null> = new Set([400, 413, 422]);

export const isTooLong = ({ status, message }: ModelError): boolean =>
  statuses.has(status) && (status === 413 || words.some((one) => one.test(message)));

/** `maximum context length is 16384 tokens`, `210000 tokens > 200000 maximum`. */
const named = [
  /(?:maximum|limit|model length|context (?:length|size|window))\D{0,60}?(\d[\d,_]{3,})/i,
  /(\d[\d,_]{3,}) (?:tokens )?maximum/i,
];
const leastWindow = 2048;

/** The window that the refusal names, or null. */
export function namedWindow({ message }: ModelError): number | null {
  const found = named
    .map((one) => Number(one.exec(message)?.[1]?.replace(/[,_]/g, "")))
    .filter((tokens) => tokens >= leastWindow);
  return found.length === 0 ? null : Math.min(...found);
}
