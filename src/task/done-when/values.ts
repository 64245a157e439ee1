/** The small parts that checks are written with, each demanded in one form only. Pure. */
import { maxPathChars, maxPatternChars, maxScriptBytes, maxTimeoutSeconds } from "./types.ts";

/** What is wrong with the checks, for the sender. */
export class Malformed extends Error {
  override readonly name = "Malformed";
}

export type Fields = Readonly<Record<string, unknown>>;

export function malformed(where: string, expected: string): never {
  throw new Malformed(`${where} must be ${expected}`);
}

/** A map with no other keys than `allowed`. */
export function fieldsOf(where: string, value: unknown, allowed: readonly string[]): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return malformed(where, `a map with ${allowed.join(", ")}`);
  const strange = Object.keys(value).find((key) => !allowed.includes(key));
  if (strange === undefined) return value as Fields;
  const shown = JSON.stringify(strange.slice(0, 40));
  throw new Malformed(`${where} has the unknown key ${shown}; it knows ${allowed.join(", ")}`);
}

const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** One line of text without control characters. */
export function lineOf(where: string, value: unknown, limit: number): string {
  const fits = typeof value === "string" && value.trim() !== "" && value.length <= limit;
  if (fits && !control.test(value) && value.isWellFormed()) return value;
  return malformed(where, `one line of at most ${limit} characters (put numbers in quotes)`);
}

export const pathOf = (where: string, value: unknown): string => lineOf(where, value, maxPathChars);

/** A regular expression that compiles; `^` and `$` mean lines. */
export function patternOf(where: string, value: unknown): string {
  if (typeof value !== "string" || value === "" || value.length > maxPatternChars)
    return malformed(where, `a regular expression of at most ${maxPatternChars} characters`);
  try {
    new RegExp(value, "m");
    return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Malformed(`${where} is no regular expression: ${error.message}`);
  }
}

/** Shell text. */
export function scriptOf(where: string, value: unknown): string {
  const fits =
    typeof value === "string" &&
    value.trim() !== "" &&
    !value.includes("\0") &&
    Buffer.byteLength(value) <= maxScriptBytes;
  return fits ? value : malformed(where, `shell text of at most ${maxScriptBytes} bytes`);
}

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** Seconds from `90s`, `5m`, `1h` or a number of seconds. */
export function secondsOf(where: string, value: unknown): number {
  const found = /^(\d{1,5})([smh])$/.exec(typeof value === "number" ? `${value}s` : String(value));
  const seconds = Number(found?.[1]) * (units[found?.[2] ?? ""] ?? 0);
  return seconds >= 1 && seconds <= maxTimeoutSeconds
    ? seconds
    : malformed(where, `a time from 1s to ${maxTimeoutSeconds}s, like 90s or 5m`);
}

export function wholeOf(where: string, value: unknown, least: number, most: number): number {
  const fits = typeof value === "number" && Number.isInteger(value);
  return fits && value >= least && value <= most
    ? value
    : malformed(where, `a whole number from ${least} to ${most}`);
}
