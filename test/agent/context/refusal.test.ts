import { describe, expect, it } from "vitest";
import { isTooLong, namedWindow } from "../../../src/agent/context/refusal.ts";
import type { ModelError } from "../../../src/model/types.ts";

const refused = (status: number | null, message: string): ModelError => ({
  kind: "permanent",
  status,
  message,
  retryAfterSeconds: null,
});

/** As providers say it, and the window that they name. */
const tooLong: [string, number, string, number | null][] = [
  [
    "OpenAI",
    400,
    "This model's maximum context length is 128000 tokens. However, your messages resulted in 140000 tokens.",
    128_000,
  ],
  ["OpenAI, new", 400, "Input tokens exceed the configured limit of 272000 tokens.", 272_000],
  ["OpenAI, newer", 400, "Your input exceeds the context window of this model.", null],
  ["Anthropic", 400, "prompt is too long: 210000 tokens > 200000 maximum", 200_000],
  [
    "Anthropic, with output",
    400,
    "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
    190_000,
  ],
  [
    "Google",
    400,
    "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    1_048_576,
  ],
  [
    "vLLM",
    400,
    "The decoder prompt (length 20000) is longer than the maximum model length of 16384",
    16_384,
  ],
  [
    "llama.cpp",
    400,
    "the request exceeds the available context size. try increasing the context size",
    null,
  ],
  [
    "Mistral",
    400,
    "Prompt contains 40000 tokens, too large for model with 32768 maximum context length",
    32_768,
  ],
  ["Groq", 413, "Request too large for model `x` on tokens per minute (TPM)", null],
  ["Groq, by length", 400, "Please reduce the length of the messages or completion.", null],
  ["Bedrock", 400, "Input is too long for requested model.", null],
  ["our gateway", 413, "the request is larger than 33554432 bytes", null],
];

describe("a refusal", () => {
  it.each(tooLong)("of %s is known by its words", (_, status, message, window) => {
    expect(isTooLong(refused(status, message))).toBe(true);
    expect(namedWindow(refused(status, message))).toBe(window);
  });

  it.each([
    [400, "the request is not JSON"],
    [400, "Invalid value for `tool_choice`"],
    [401, "the maximum context length is no reason to come without a key"],
    [429, "Rate limit: too many tokens per minute"],
    [null, "the gateway cannot be used: maximum context"],
  ])("of another kind is none: %s %s", (status, message) => {
    expect(isTooLong(refused(status, message))).toBe(false);
  });
});
