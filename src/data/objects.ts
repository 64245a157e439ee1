/**
 * Objects as rows: JSON, one object a line or one array of them, and what Parquet gives. Integers keep all their digits;
 * what lies deeper is kept as JSON.
 */
import fs from "node:fs";
import readline from "node:readline";
import { isObject, type JsonObject } from "../system/json.ts";
import { Refused } from "./open.ts";
import type { Value } from "./params.ts";
import { type BadRow, columnNames, mostColumns, type Row, type Source } from "./source.ts";

/** An array is read whole. */
const largestArray = 64 << 20;
interface Numbered {
  readonly line: number;
  readonly value: JsonObject;
}

/** With integers beyond a double's as BigInt: the reviver is told what stood there (ECMAScript, JSON.parse source text). */
function parseExactly(text: string): unknown {
  const revive = (_: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === "number" &&
    !Number.isSafeInteger(value) &&
    /^-?\d+$/.test(context?.source ?? "")
      ? BigInt(context?.source ?? "")
      : value;
  return JSON.parse(text, revive) as unknown;
}

async function* lines(file: string, bad: (row: BadRow) => void): AsyncIterable<Numbered> {
  const input = fs.createReadStream(file);
  let line = 0;
  try {
    for await (const text of readline.createInterface({ input, crlfDelay: Infinity })) {
      line += 1;
      if (text.trim() === "") continue;
      const value = parsedLine(line === 1 ? text.replace(/^\ufeff/, "") : text);
      if (isObject(value)) yield { line, value };
      else bad({ line, why: "it is no JSON object" });
    }
  } finally {
    input.destroy();
  }
}

function parsedLine(text: string): unknown {
  try {
    return parseExactly(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
}

function array(file: string): readonly unknown[] {
  if (fs.statSync(file).size > largestArray)
    throw new Refused(
      `${file} is one JSON text of more than ${largestArray} bytes: make a line of each object first (jq -c '.[]') and import it as ndjson`,
    );
  try {
    const value = parseExactly(fs.readFileSync(file, "utf8").replace(/^\ufeff/, ""));
    if (Array.isArray(value)) return value as readonly unknown[];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Refused(`${file} is no JSON: ${error.message.slice(0, 160)}`);
  }
  throw new Refused(`${file} is JSON, but no array of objects`);
}

async function* elements(file: string, bad: (row: BadRow) => void): AsyncIterable<Numbered> {
  let line = 0;
  for (const value of array(file)) {
    line += 1;
    if (isObject(value)) yield { line, value };
    else bad({ line, why: "it is no object" });
  }
}

export const ndjsonSource = (file: string): Promise<Source> =>
  objectSource((bad) => lines(file, bad));
export const jsonSource = (file: string): Promise<Source> =>
  objectSource((bad) => elements(file, bad));

async function objectSource(
  objects: (bad: (row: BadRow) => void) => AsyncIterable<Numbered>,
): Promise<Source> {
  const names = new Set<string>();
  for await (const { value } of objects(() => undefined)) {
    for (const name of Object.keys(value)) names.add(name);
    if (names.size > mostColumns) throw new Refused("its objects have too many different names");
  }
  const keys = [...names];
  return {
    ...{ columns: columnNames(keys), untyped: false, notes: [] },
    rows: (bad) => rowsOf(objects(bad), keys),
  };
}

async function* rowsOf(
  objects: AsyncIterable<Numbered>,
  keys: readonly string[],
): AsyncIterable<Row> {
  for await (const { line, value } of objects)
    yield {
      line,
      values: keys.map((key) => (Object.hasOwn(value, key) ? flat(value[key]) : null)),
    };
}

const largestInteger = 2n ** 63n;

/** One value of SQLite. */
export function flat(value: unknown): Value {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : value;
  // Beyond SQLite's integers, text keeps the digits.
  if (typeof value === "bigint")
    return value < largestInteger && value >= -largestInteger ? value : String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return value;
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "bigint" ? rawJson(String(part)) : part,
  );
}

/** ECMAScript, JSON.parse source text access; TypeScript does not know it yet. */
const { rawJSON: rawJson } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };
