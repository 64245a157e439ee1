/**
 * Arguments of a tool call: from what the model wrote to an object that fits the tool's schema, or
 * to a message that lets the model do better. Never: guesses a value that is not there.
 */

/** Null when `args` fit the schema of tool `name`, else what is wrong, in words. */
export type ValidateArguments = (name: string, args: unknown) => string | null;

export type Parsed =
  | { readonly ok: true; readonly args: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly why: string };

/** jsonrepair is loaded only for text that JSON.parse refuses: it is not on the usual path. */
export async function parseArguments(
  name: string,
  raw: string,
  validate: ValidateArguments,
): Promise<Parsed> {
  const text = raw.trim() === "" ? "{}" : raw.trim();
  const value = parse(text) ?? (isWhole(text) ? await repair(text) : null);
  if (value === null) return { ok: false, why: "the arguments are not whole JSON" };
  if (typeof value.parsed !== "object" || value.parsed === null || Array.isArray(value.parsed))
    return { ok: false, why: "the arguments are not a JSON object" };
  const why = validate(name, value.parsed);
  if (why !== null) return { ok: false, why };
  return { ok: true, args: value.parsed as Record<string, unknown> };
}

/** A text cut in its middle is not repaired: half a command may do what nobody asked for. */
const isWhole = (text: string): boolean => text.endsWith("}") || text.endsWith("```");

function parse(text: string): { readonly parsed: unknown } | null {
  try {
    return { parsed: JSON.parse(text) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
}

async function repair(text: string): Promise<{ readonly parsed: unknown } | null> {
  const { jsonrepair, JSONRepairError } = await import("jsonrepair");
  try {
    return parse(jsonrepair(text));
  } catch (error) {
    if (!(error instanceof JSONRepairError)) throw error;
    return null;
  }
}
