/**
 * Puts the chunks of a streamed chat completion together. Pure.
 *
 * Upstreams differ: ids and names of tool calls come whole in the first delta or not at all, usage in a
 * chunk of its own or in the last one. What cannot be a chunk makes the stream garbage. Never: keeps more of an
 * answer than the bounds here, whatever the upstream sends.
 */

import { isObject, type JsonObject } from "../system/json.ts";
import type { ModelReply, ToolCall } from "./types.ts";

interface PartialCall {
  id: string;
  name: string;
  arguments: string;
}

/** Of text, names and arguments of one answer together: several times what the largest windows hold. */
export const maxAnswerChars = 4_000_000;
export const maxAnswerCalls = 256;

/** The state of a stream so far; `finished` is true once a finish reason came. */
export interface Assembly {
  text: string;
  finished: boolean;
  model: string;
  costUsd: number;
  warned: boolean;
  usage: { input: number; output: number };
  readonly calls: Map<number, PartialCall>;
  /** Characters of all that is kept. */
  size: number;
}

/** The model answers without an end. Asked again, it would again, and cost the same. */
export class EndlessAnswer extends Error {
  override readonly name = "EndlessAnswer";
}

/** A problem that the gateway reported inside a stream it had begun already. */
export class StreamError extends Error {
  override readonly name = "StreamError";
}

export const createAssembly = (model: string): Assembly => ({
  text: "",
  finished: false,
  model,
  costUsd: 0,
  warned: false,
  usage: { input: 0, output: 0 },
  calls: new Map(),
  size: 0,
});

function grow(assembly: Assembly, ...texts: readonly string[]): void {
  assembly.size += texts.reduce((sum, { length }) => sum + length, 0);
  if (assembly.size > maxAnswerChars)
    throw new EndlessAnswer(`the answer has more than ${maxAnswerChars} characters`);
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const numberOf = (value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : 0;

/** Takes one payload; returns the text it added. Throws `SyntaxError`, `StreamError` or `EndlessAnswer`. */
export function addChunk(assembly: Assembly, payload: string): string {
  const chunk: unknown = JSON.parse(payload);
  if (!isObject(chunk)) throw new SyntaxError("a chunk is not an object");
  if (isObject(chunk["error"])) throw new StreamError(textOf(chunk["error"]["message"]));
  addAccount(assembly, chunk);
  const choices = Array.isArray(chunk["choices"]) ? chunk["choices"] : [];
  const choice: unknown = choices[0];
  if (!isObject(choice)) return "";
  if (typeof choice["finish_reason"] === "string") assembly.finished = true;
  const delta = isObject(choice["delta"]) ? choice["delta"] : {};
  if (Array.isArray(delta["tool_calls"])) addCalls(assembly, delta["tool_calls"]);
  const text = textOf(delta["content"]);
  grow(assembly, text);
  assembly.text += text;
  return text;
}

/** `con` is the gateway's own account of the call, sent last. */
function addAccount(assembly: Assembly, chunk: JsonObject): void {
  const { usage, con } = chunk;
  if (isObject(usage)) {
    assembly.usage = {
      input: numberOf(usage["prompt_tokens"]),
      output: numberOf(usage["completion_tokens"]),
    };
  }
  if (isObject(con)) {
    assembly.model = textOf(con["model"]) || assembly.model;
    assembly.costUsd = numberOf(con["cost_usd"]);
    assembly.warned = con["warned"] === true;
  }
}

function addCalls(assembly: Assembly, deltas: readonly unknown[]): void {
  for (const [position, delta] of deltas.entries()) {
    if (!isObject(delta)) throw new SyntaxError("a tool call delta is not an object");
    const index = typeof delta["index"] === "number" ? delta["index"] : position;
    const call = assembly.calls.get(index) ?? { id: "", name: "", arguments: "" };
    assembly.calls.set(index, call);
    if (assembly.calls.size > maxAnswerCalls)
      throw new EndlessAnswer(`the answer has more than ${maxAnswerCalls} tool calls`);
    const parts = isObject(delta["function"]) ? delta["function"] : {};
    const [id, name, text] = [delta["id"], parts["name"], parts["arguments"]].map(textOf);
    grow(assembly, call.id === "" ? (id ?? "") : "", name ?? "", text ?? "");
    call.id ||= id ?? "";
    call.name += name ?? "";
    call.arguments += text ?? "";
  }
}

/** What the finished stream says. */
export function replyOf(assembly: Assembly): ModelReply {
  const calls = [...assembly.calls.entries()].sort(([a], [b]) => a - b);
  return {
    text: assembly.text,
    toolCalls: calls.map(([, call]): ToolCall => ({ ...call })),
    model: assembly.model,
    usage: assembly.usage,
    costUsd: assembly.costUsd,
    ...(assembly.warned ? { warned: true } : {}),
  };
}
