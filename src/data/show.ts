/** Values of SQLite as text: for a model, for CSV, for JSON. Pure. Numbers stay exact; bytes are shown by their size. */
import type { Value } from "./params.ts";

const longestCell = 400;
const control = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

const escaped = (text: string): string =>
  text.replace(control, (sign) => {
    if (sign === "\n") return "\\n";
    if (sign === "\t") return "\\t";
    return `\\x${sign.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });

const bytesOf = (value: Uint8Array): string => `<blob ${value.length} bytes>`;

/** A REAL never looks like an INTEGER. */
const realText = (value: number): string => {
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
};

/** One line, of bounded length. */
function cell(value: Value): string {
  if (value === null) return "NULL";
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return realText(value);
  if (typeof value !== "string") return bytesOf(value);
  const cut =
    value.length <= longestCell
      ? value
      : `${value.slice(0, longestCell).toWellFormed()}… (${value.length} characters)`;
  const text = escaped(cut);
  return value === "NULL" || value.includes(" | ") ? JSON.stringify(text) : text;
}

export const tableLine = (values: readonly Value[]): string => values.map(cell).join(" | ");

const csvField = (text: string): string =>
  /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** RFC 4180; NULL is an empty field, an empty text is one in quotes. */
export const csvLine = (values: readonly Value[]): string =>
  values
    .map((value) => {
      if (value === null) return "";
      if (value === "") return '""';
      return csvField(typeof value === "string" ? value.toWellFormed() : cell(value));
    })
    .join(",");

/** With all digits of an integer: JSON has no largest one. */
function jsonValue(value: Value): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return Number.isFinite(value) ? realText(value) : `"${value}"`;
  if (value === null || typeof value === "string") return JSON.stringify(value);
  return JSON.stringify(bytesOf(value));
}

export const jsonLine = (columns: readonly string[], values: readonly Value[]): string =>
  `{${columns.map((name, at) => `${JSON.stringify(name)}:${jsonValue(values[at] ?? null)}`).join(",")}}`;

/** No two alike: in an object the later one would hide the other. */
export function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let count = 2; taken.has(free.toLowerCase()); count += 1) free = `${name}_${count}`;
    taken.add(free.toLowerCase());
    return free;
  });
}
