/**
 * One line of a hash chain: record ↔ text. Pure.
 *
 * A line is canonical JSON (after RFC 8785: no blanks, keys sorted by UTF-16 code units, strings and
 * numbers as JSON.stringify writes them) of the record with `seq`, `prev` and `hash`. `hash` is the
 * SHA-256 of the canonical JSON of all other fields, `prev` the hash of the line before. A line counts
 * only as exactly these bytes, so a second key of the same name or another spelling is an edit too.
 */
import { isUtf8 } from "node:buffer";
import { isObject, jsonOrNull } from "../json.ts";
import { sha256 } from "../sha256.ts";

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

export type ChainRecord = { readonly [key: string]: Json | undefined };

/** Where a chain stands: the number and hash of its last line. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

export interface Link extends ChainHead {
  readonly prev: string;
  /** All fields but `seq`, `prev` and `hash`. */
  readonly record: ChainRecord;
}

/** What the first line follows. */
export const beginning: ChainHead = { seq: 0, hash: "0".repeat(64) };

/** Longest line that is written; a reader gives up beyond. */
export const maxLineBytes = 256 * 1024;

export function canonical(value: Json): string {
  if (typeof value === "number" && !Number.isFinite(value))
    throw new TypeError(`${value} is no JSON number`);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonical).join(",")}]`;
  const fields = Object.entries(value).flatMap(([key, field]) =>
    field === undefined ? [] : ([[key, field]] as const),
  );
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(",")}}`;
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

const reserved = ["seq", "prev", "hash"];

/** The line, without its newline, that follows `head`. Throws TypeError for what is our own bug. */
export function writeLink(
  record: ChainRecord,
  head: ChainHead,
): { readonly line: string; readonly head: ChainHead } {
  const taken = reserved.find((key) => Object.hasOwn(record, key));
  if (taken !== undefined) throw new TypeError(`a chained record has no ${taken} of its own`);
  const fields = { ...record, seq: head.seq + 1, prev: head.hash };
  const hash = sha256(canonical(fields));
  const line = canonical({ ...fields, hash });
  if (Buffer.byteLength(line) > maxLineBytes)
    throw new TypeError(`a chained record is longer than ${maxLineBytes} bytes`);
  return { line, head: { seq: fields.seq, hash } };
}

/** The line as a link, or null when it is not exactly what `writeLink` would have written. */
export function readLink(bytes: Uint8Array): Link | null {
  // Bytes that are no UTF-8 would all be read as the same replacement character.
  if (bytes.length > maxLineBytes || !isUtf8(bytes)) return null;
  const line = Buffer.from(bytes).toString("utf8");
  const value = parse(line);
  if (value === null) return null;
  const { seq, prev, hash, ...record } = value;
  if (typeof seq !== "number" || !Number.isSafeInteger(seq) || seq < 1) return null;
  if (typeof prev !== "string" || typeof hash !== "string") return null;
  const right = sha256(canonical({ ...record, seq, prev })) === hash && canonical(value) === line;
  return right ? { seq, prev, hash, record } : null;
}

/** Brackets within strings are text, and anybody's. */
const isDeep = (line: string): boolean =>
  /[[{]{64}/.test(line) && /[[{]{64}/.test(line.replace(/"(?:[^"\\]|\\.)*"/g, '""'));

function parse(line: string): ChainRecord | null {
  // Deep nesting would overflow the stack of whoever reads it; nothing of ours is deep.
  const value = isDeep(line) ? null : jsonOrNull(line);
  return isObject(value) ? (value as ChainRecord) : null;
}
