/**
 * What models and tools said, as strict providers take it back. Pure.
 *
 * Some refuse a message without content, text that is no Unicode, or arguments that are no JSON object: in
 * every later request, so the task could never go on. The journal has what was really said.
 */

import type { Message, ToolCall } from "../model/types.ts";

export const wireText = (text: string): string =>
  text.trim() === "" ? "(empty)" : text.toWellFormed();

export function wireArguments(raw: string): string {
  if (raw.trim() === "") return "{}";
  return isObject(raw)
    ? raw.toWellFormed()
    : JSON.stringify({ malformed_arguments: raw.toWellFormed() });
}

/** Providers take the name of a call only if a tool could have it. */
export const wireName = (name: string): string =>
  name.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 64) || "unknown";

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return false;
  }
}

/** Some providers give no ids, or the same in every turn; a result must name exactly one call. */
export function uniqueIds(
  messages: readonly Message[],
  step: number,
  calls: readonly ToolCall[],
): ToolCall[] {
  const used = new Set(
    messages.flatMap((message) =>
      message.role === "assistant" ? (message.tool_calls ?? []).map(({ id }) => id) : [],
    ),
  );
  return calls.map((call, at) => {
    let id = call.id;
    for (let turn = 0; id === "" || used.has(id); turn += 1)
      id = `call_${step}_${at + 1}${turn === 0 ? "" : `_${turn}`}`;
    used.add(id);
    return { ...call, id };
  });
}
