/**
 * The seam between the tool loop and whatever answers it: the OpenAI chat wire format, as types.
 * Source: OpenAI API reference, "Chat completions" and "Streaming".
 */
import type { ChatCompletionMessageParam } from "openai/resources/chat/completions";

export type Message = ChatCompletionMessageParam;

/** One tool as the model sees it; `parameters` is JSON Schema (draft 2020-12 subset). */
export interface ToolSpec {
  readonly type: "function";
  readonly function: {
    readonly name: string;
    readonly description: string;
    readonly parameters: Readonly<Record<string, unknown>>;
  };
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** Raw text as the model produced it; not necessarily JSON. */
  readonly arguments: string;
}

export interface ModelRequest {
  /** An alias from con.yaml, resolved by the gateway. */
  readonly model: string;
  readonly messages: readonly Message[];
  readonly tools: readonly ToolSpec[];
  /** Task id for the ledger; the agent's identity comes from the kernel. */
  readonly taskId: string;
  /** The answer shall be JSON of this form (structured.ts). */
  readonly form?: {
    readonly name: string;
    readonly schema: Readonly<Record<string, unknown>>;
  };
  readonly temperature?: number;
  readonly maxOutputTokens?: number;
}

export interface ModelReply {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  /** Upstream model that answered, e.g. `openai/gpt-5` or `builtin/reflex`. */
  readonly model: string;
  readonly usage: { readonly input: number; readonly output: number };
  readonly costUsd: number;
  /** A daily budget that it counts for is nearly spent. */
  readonly warned?: true;
}

export interface ModelError {
  /** `temporary`: the same call may work later. `permanent`: it needs a person. */
  readonly kind: "temporary" | "permanent";
  readonly status: number | null;
  readonly message: string;
  readonly retryAfterSeconds: number | null;
  /** People may let the task spend so much more; then the same call works. */
  readonly needs?: SpendNeed;
}

/** What a call would go beyond, in the words of the gateway. */
export interface SpendNeed {
  /** Whose task has spent so much: the caller's own, or that of an agent which spawned it. */
  readonly agent: string;
  readonly task: string;
  readonly unit: "usd" | "tokens";
  /** One slice: people are asked after so much, and again after each further amount of this size. */
  readonly limit: number;
  readonly spent: number;
  /** Slices beyond the first that people agreed to. */
  readonly allowed: number;
  /** How many they must have agreed to for this call. */
  readonly slice: number;
}

export type ModelEvent =
  | { readonly kind: "text"; readonly delta: string }
  | { readonly kind: "reply"; readonly reply: ModelReply }
  | { readonly kind: "error"; readonly error: ModelError };

/** Yields any number of `text`, then exactly one `reply` or `error`. Never throws, never rejects. */
export type StreamModel = (request: ModelRequest, signal: AbortSignal) => AsyncIterable<ModelEvent>;
