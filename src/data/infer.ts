/**
 * Types of columns, from all their values. Pure. Conservative: what would not come back as it was stays text, e.g.
 * numbers with leading zeros, with a plus, or of more digits than SQLite keeps.
 */
import type { Value } from "./params.ts";

export const columnTypes = ["INTEGER", "REAL", "TEXT", "BLOB", ""] as const;
export type ColumnType = (typeof columnTypes)[number];

/** What one column has had so far. */
export interface Seen {
  readonly kinds: Set<"integer" | "large" | "real" | "text" | "blob">;
}

export const unseen = (): Seen => ({ kinds: new Set() });

const integer = /^-?(?:0|[1-9]\d{0,18})$/;
const decimal = /^-?(?:0|[1-9]\d*)\.\d+(?:[eE][+-]?\d{1,2})?$/;
const least = -(2n ** 63n);
const most = 2n ** 63n - 1n;
const exactDigits = 15;

function integerOf(text: string): bigint | null {
  if (!integer.test(text) || text === "-0") return null;
  const value = BigInt(text);
  return value >= least && value <= most ? value : null;
}

const isReal = (text: string): boolean =>
  decimal.test(text) && text.replace(/[eE].*$|\D/g, "").replace(/^0+/, "").length <= exactDigits;

const isLarge = (value: bigint): boolean => value > 2n ** 53n || value < -(2n ** 53n);

/** Text counts as what it may mean only where the file has no types. */
export function see({ kinds }: Seen, value: Value, untyped: boolean): void {
  if (value === null || (untyped && value === "")) return;
  if (typeof value === "bigint") kinds.add(isLarge(value) ? "large" : "integer");
  else if (typeof value === "number") kinds.add("real");
  else if (typeof value !== "string") kinds.add("blob");
  else if (!untyped) kinds.add("text");
  else {
    const whole = integerOf(value);
    if (whole !== null) kinds.add(isLarge(whole) ? "large" : "integer");
    else kinds.add(isReal(value) ? "real" : "text");
  }
}

/** "": values keep what they are, without a conversion. */
export function typeOf({ kinds }: Seen, untyped: boolean): ColumnType {
  const has = (...wanted: readonly string[]) => [...kinds].every((kind) => wanted.includes(kind));
  if (kinds.size === 0) return "TEXT";
  if (has("integer", "large")) return "INTEGER";
  if (has("integer", "real")) return "REAL";
  if (has("text") || untyped) return "TEXT";
  return has("blob") ? "BLOB" : "";
}

/** A text of CSV as a value of its column. */
export function converted(text: Value, type: ColumnType): Value {
  if (typeof text !== "string" || type === "TEXT" || type === "BLOB" || type === "") return text;
  if (text === "") return null;
  const whole = integerOf(text);
  if (type === "INTEGER") return whole ?? text;
  return whole !== null || isReal(text) ? Number(text) : text;
}
