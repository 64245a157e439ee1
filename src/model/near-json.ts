/**
 * JSON as models write it: perhaps fenced, perhaps with a comma too many. Never: guesses the end of what was
 * cut in its middle; half a command may do what nobody asked for.
 */

/** Null where it is not JSON and cannot be read as such. jsonrepair is loaded only when it is needed. */
export async function parseNearJson(raw: string): Promise<{ readonly parsed: unknown } | null> {
  const text = raw.trim();
  return parse(text) ?? (isWhole(text) ? await repair(text) : null);
}

/** It ends where its last object does, and not within a text that has a brace in it: `{"command": "rm {}`. */
function isWhole(text: string): boolean {
  if (!(text.endsWith("}") || text.endsWith("```"))) return false;
  let quote = "";
  let depth = 0;
  for (let at = Math.max(0, text.indexOf("{")); at < text.length; at += 1) {
    const char = text.charAt(at);
    if (quote !== "") {
      if (char === "\\") at += 1;
      else if (char === quote) quote = "";
    } else if (char === '"' || char === "'") quote = char;
    else if (char === "{" || char === "[") depth += 1;
    else if (char === "}" || char === "]") depth -= 1;
  }
  return quote === "" && depth <= 0;
}

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
    // Nested too deeply to be repaired.
    if (!(error instanceof JSONRepairError || error instanceof RangeError)) throw error;
    return null;
  }
}
