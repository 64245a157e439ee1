/**
 * JSON as models write it: perhaps fenced, perhaps with a comma too many. Never: guesses the end of what was
 * cut in its middle; half a command may do what nobody asked for.
 */

/** Null where it is not JSON and cannot be read as such. jsonrepair is loaded only when it is needed. */
export async function parseNearJson(raw: string): Promise<{ readonly parsed: unknown } | null> {
  const text = raw.trim();
  return parse(text) ?? (isWhole(text) ? await repair(text) : null);
}

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
