/**
 * The lines between `---` and `---` at the head of a task file, as plain values (string, list, map).
 *
 * Lines as `con` writes them are read here; anything else needs a YAML parser, which is passed in
 * so that an ordinary wake never loads one. Both give the same values: every scalar is a string
 * (YAML failsafe schema), but below the keys of `typed` it is what YAML's core schema and JSON say.
 * Never: guesses, follows an alias, or lets a key appear twice.
 */

import { withoutAtEnd } from "./trim.ts";

export type ParseYaml = (text: string) => unknown;
export type Keys = ReadonlyMap<string, unknown>;

/** Bytes of front matter that are looked at. */
export const maxFrontMatterBytes = 64 * 1024;

/** Keys whose values tell `true` from `"true"`. */
export const typed: ReadonlySet<string> = new Set(["done_when", "contract"]);

/** YAML lets the `:` of a key on the same line stand 1024 characters in at most. */
const simpleKey = /^[A-Za-z_][A-Za-z0-9_]{0,999}$/;
const entry = /^([A-Za-z_][A-Za-z0-9_]{0,999}): +(\S.*)$/;
const plain = /^[A-Za-z0-9](?:[A-Za-z0-9_./@+-]|:(?=[A-Za-z0-9])| (?=[A-Za-z0-9]))*$/;

/** The entries when all lines are in `con`'s own form; null means: ask a YAML parser. */
export function readSimple(text: string): Keys | null {
  const keys = new Map<string, unknown>();
  for (const raw of text.split(/\r?\n/)) {
    const line = withoutAtEnd(raw, / /);
    if (line === "") continue;
    const [, key, value] = entry.exec(line) ?? [];
    if (key === undefined || value === undefined || keys.has(key)) return null;
    const read = typed.has(key) ? readTyped(value) : readValue(value);
    if (read === null) return null;
    keys.set(key, read);
  }
  return keys;
}

function readValue(value: string): string | readonly string[] | null {
  if (plain.test(value)) return value;
  const parsed = parseJson(value);
  if (typeof parsed === "string") return parsed;
  const strings = Array.isArray(parsed) && parsed.every((item) => typeof item === "string");
  return strings ? parsed : null;
}

/** Only JSON exactly as `writeEntry` makes it: no key twice, no second spelling of a number. */
function readTyped(value: string): unknown {
  const parsed = parseJson(value);
  try {
    return quoted(parsed) === value ? parsed : null;
  } catch (error) {
    // Nested deeper than the stack is long.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Null also for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** One line that both readers understand. Undefined for a value that a task file cannot carry. */
export function writeEntry(key: string, value: unknown): string {
  return `${simpleKey.test(key) ? key : quoted(key)}: ${quoted(value)}`;
}

/** JSON is YAML (YAML 1.2 §1.2) once characters that YAML calls unprintable are escaped. */
function quoted(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
