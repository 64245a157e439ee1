/**
 * Arguments of a tool call: from what the model wrote to an object that fits the tool's schema, or
 * to a message that lets the model do better. Never: guesses a value that is not there.
 */

import { parseNearJson } from "../model/near-json.ts";

/** Null when `args` fit the schema of tool `name`, else what is wrong, in words. */
export type ValidateArguments = (
  name: string,
  args: unknown,
) => string | null | Promise<string | null>;

export type Parsed =
  | { readonly ok: true; readonly args: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly why: string };

export async function parseArguments(
  raw: string,
  /** Null when they fit, else what is wrong. */
  check: (args: unknown) => Promise<string | null>,
): Promise<Parsed> {
  const value = await parseNearJson(raw.trim() === "" ? "{}" : raw);
  if (value === null) return { ok: false, why: "the arguments are not whole JSON" };
  if (typeof value.parsed !== "object" || value.parsed === null || Array.isArray(value.parsed))
    return { ok: false, why: "the arguments are not a JSON object" };
  const why = await check(value.parsed);
  if (why !== null) return { ok: false, why };
  return { ok: true, args: value.parsed as Record<string, unknown> };
}
