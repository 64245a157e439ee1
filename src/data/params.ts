/** Values of a request as SQLite's. Pure. Integers stay exact as far as JSON had them; `{"integer": "…"}` is exact beyond. */
import { Refused } from "./open.ts";
import type { Params } from "./protocol.ts";

export type Value = null | string | number | bigint | Uint8Array;
export type Bound = readonly [] | readonly [Readonly<Record<string, Value>>] | readonly Value[];

/** As arguments of a statement's method. */
export function bound(params: Params): Bound {
  if (Array.isArray(params)) return params.map(toValue);
  const named = Object.entries(params).map(([name, value]) => [
    name.replace(/^[:@$]/, ""),
    toValue(value),
  ]);
  return named.length === 0 ? [] : [Object.fromEntries(named)];
}

export function toValue(value: unknown): Value {
  if (value === null || typeof value === "string") return value;
  if (typeof value === "boolean") return value ? 1n : 0n;
  // SQLite would take any number of JavaScript for a REAL.
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value === "object" && "integer" in value && /^-?\d{1,19}$/.test(String(value.integer)))
    return BigInt(String(value.integer));
  throw new Refused(
    'a parameter is text, a number, true, false, null, or {"integer": "9007199254740993"}',
  );
}
