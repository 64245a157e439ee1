/** What requests of other formats are read with, before they are put into the gateway's. Pure. */
import { isObject, type Json } from "./doors.ts";

/** Why something cannot be put in the gateway's format. */
export class NotBridged extends Error {
  override readonly name = "NotBridged";
}

/** The translated request, or the reason in words. */
export function bridged(translate: () => Json): Json | string {
  try {
    return translate();
  } catch (error) {
    if (!(error instanceof NotBridged)) throw error;
    return error.message;
  }
}

export const notBridged = (type: unknown): NotBridged =>
  new NotBridged(`con does not pass on \`${String(type).slice(0, 80)}\` to a model`);

export function listOf(value: unknown, what: string): Json[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every(isObject)) return value;
  throw new NotBridged(`${what} must be a list of objects`);
}

/** Without what is not there. */
export const given = (entries: Json): Json =>
  Object.fromEntries(
    Object.entries(entries).filter(([, value]) => value !== undefined && value !== null),
  );

/** What no answer depends on may be there; everything else that is not known is refused by name. */
export function onlyKnown(value: Json, known: ReadonlySet<string>): void {
  const odd = Object.entries(value).find(([key, one]) => one !== null && !known.has(key));
  if (odd !== undefined) throw notBridged(odd[0]);
}

/** A list of parts as a message has it: one text where that is all. */
export const contentOf = (parts: readonly Json[]): string | readonly Json[] =>
  parts.every(({ type }) => type === "text") ? parts.map(({ text }) => text).join("\n\n") : parts;

export interface FunctionCall {
  readonly id: unknown;
  readonly name: unknown;
  /** JSON. */
  readonly text: string;
}

export const assistantOf = (text: string, calls: readonly FunctionCall[]): Json => ({
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

export const toolOf = (name: unknown, description: unknown, parameters: unknown): Json => ({
  type: "function",
  function: given({ name, description, parameters }),
});
