/**
 * Finds the task in a conversation, and what was done for it since. Pure.
 *
 * The messages come over a socket that everybody may use, so nothing about their shape is believed.
 * Never: throws.
 */

import { isObject, type JsonObject, jsonOrNull } from "../../system/json.ts";
import { type Framed, unframe } from "../../task/frame.ts";
import type { Outcome } from "./rule.ts";

interface Conversation {
  /** Null where no message holds a frame. */
  readonly task: Framed | null;
  /** Calls since that message, with their results. */
  readonly made: readonly Outcome[];
}

const objects = (value: unknown): JsonObject[] =>
  Array.isArray(value) ? value.filter(isObject) : [];

export function readConversation(messages: unknown): Conversation {
  const list = objects(messages);
  for (let at = list.length - 1; at >= 0; at -= 1) {
    const message = list[at];
    const task = message?.["role"] === "user" ? unframe(textOf(message["content"])) : null;
    if (task !== null) return { task, made: callsIn(list.slice(at + 1)) };
  }
  return { task: null, made: [] };
}

/** Content is a text, or a list of parts of which only the text counts. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return objects(content)
    .map(({ text }) => (typeof text === "string" ? text : ""))
    .join("\n");
}

function callsIn(messages: readonly JsonObject[]): Outcome[] {
  const results = new Map<unknown, string>();
  for (const message of messages)
    if (message["role"] === "tool")
      results.set(message["tool_call_id"], textOf(message["content"]));
  return messages
    .filter((message) => message["role"] === "assistant")
    .flatMap((message) => objects(message["tool_calls"]))
    .flatMap((call) => {
      const made = isObject(call["function"]) ? call["function"] : {};
      const { name } = made;
      if (typeof name !== "string") return [];
      const text = results.get(call["id"]) ?? "(there is no result of this call)";
      return [{ name, arguments: argumentsOf(made["arguments"]), text }];
    });
}

function argumentsOf(raw: unknown): JsonObject {
  if (typeof raw !== "string") return {};
  const value = jsonOrNull(raw);
  return isObject(value) ? value : {};
}

/** Names of the tools that came with the request, those in the index of `tool_details` too (agent/toolbox/index-text.ts). */
export function toolNames(tools: unknown): Set<string> {
  return new Set(
    objects(tools).flatMap((tool) => {
      const { name, description } = isObject(tool["function"]) ? tool["function"] : {};
      if (typeof name !== "string") return [];
      return name === "tool_details" && typeof description === "string"
        ? [name, ...indexed(description)]
        : [name];
    }),
  );
}

const indexed = (description: string): string[] =>
  [...description.matchAll(/^- [a-z]+: ([a-z_]+(?:, [a-z_]+)*)$/gm)].flatMap(([, names = ""]) =>
    names.split(", "),
  );
