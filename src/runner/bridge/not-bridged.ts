/** What requests of other formats are read with, before they are put into the gateway's. Pure. */
import { isObject, type JsonObject } from "../../system/json.ts";

/** Why something cannot be put in the gateway's format. */
export class NotBridged extends Error {
  override readonly name = "NotBridged";
}

/** The translated request, or the reason in words. */
export function bridged(translate: () => JsonObject): JsonObject | string {
  try {
    return translate();
  } catch (error) {
    if (!(error instanceof NotBridged)) throw error;
    return error.message;
  }
}

export const notBridged = (type: unknown): NotBridged =>
  new NotBridged(`con does not pass on \`${String(type).slice(0, 80)}\` to a model`);

export function listOf(value: unknown, what: string): JsonObject[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every(isObject)) return value;
  throw new NotBridged(`${what} must be a list of objects`);
}

/** Without what is not there. */
export const given = (entries: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(entries).filter(([, value]) => value !== undefined && value !== null),
  );

/** What no answer depends on may be there; everything else that is not known is refused by name. */
export function onlyKnown(value: JsonObject, known: ReadonlySet<string>): void {
  const odd = Object.entries(value).find(([key, one]) => one !== null && !known.has(key));
  if (odd !== undefined) throw notBridged(odd[0]);
}

/** A list of parts as a message has it: one text where that is all. */
export const contentOf = (parts: readonly JsonObject[]): string | readonly JsonObject[] =>
  parts.every(({ type }) => type === "text") ? parts.map(({ text }) => text).join("\n\n") : parts;

export interface FunctionCall {
  readonly id: unknown;
  readonly name: unknown;
  /** JSON. */
  readonly text: string;
}

export const assistantOf = (text: string, calls: readonly FunctionCall[]): JsonObject => ({
  role: "assistant",
  content: text === "" && calls.length > 0 ? null : text,
  ...(calls.length === 0
    ? {}
    : {
        tool_calls: calls.map(({ id, name, text: given }) => ({
          id,
          type: "function",
          function: { name, arguments: given },
        })),
      }),
});

export const toolOf = (name: unknown, description: unknown, parameters: unknown): JsonObject => ({
  type: "function",
  function: given({ name, description, parameters }),
});
