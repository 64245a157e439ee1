/** JSON that may be anybody's. Never: trusts what a value says of itself; checking it is the caller's. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** An array is none. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value of a text, or of its bytes in UTF-8; null where it is no JSON. */
export function jsonOrNull(text: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof text === "string" ? text : Buffer.from(text).toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** JSON.parse takes any depth, but what serializes the value again does not. */
export function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (depth === 0) return true;
  return Object.values(value).some((one) => isDeeperThan(one, depth - 1));
}
