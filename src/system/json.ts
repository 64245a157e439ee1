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

/** JSON.parse takes any depth; whatever walks the value by calling itself, JSON.stringify too, does not. */
export const mostJsonDepth = 200;

/**
 * A value that is neither array nor object has depth 0, an empty array 1. Calls itself `depth` times at most, however
 * deep the value is.
 */
export function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (depth === 0) return true;
  return Object.values(value).some((one) => isDeeperThan(one, depth - 1));
}
