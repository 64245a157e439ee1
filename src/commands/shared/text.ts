/**
 * How answers, tables and JSON are shown. Pure.
 *
 * Texts come from models and strangers. A terminal obeys what it is sent, so control characters
 * (C0, C1, DEL) and those that reorder a line (Unicode bidi controls) are written as `\uXXXX`.
 */
import { stripVTControlCharacters } from "node:util";
import { printable } from "../../system/log.ts";
import { withoutAtEnd } from "../../task/trim.ts";

const reordering = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

const escapeCharacter = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** One line, whatever was in it. */
export const safeLine: (text: string) => string = printable;

/** Several lines stay several lines, tabs stay tabs; ends with exactly one newline. */
export function safeText(text: string): string {
  const lines = withoutAtEnd(text.replace(/\r\n/g, "\n"), /\n/).split("\n");
  return `${lines.map((line) => line.split("\t").map(safeLine).join("\t")).join("\n")}\n`;
}

/** JSON that parses to the same value and drives no terminal; with `indent` 0 on one line. */
export function safeJson(value: unknown, indent = 2): string {
  const text = JSON.stringify(value, null, indent);
  return `${text.replace(/[\u007f-\u009f\u2028\u2029]/g, escapeCharacter).replace(reordering, escapeCharacter)}\n`;
}

/** At most `limit` characters, with what was left out said. */
export function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}… (${text.length - limit} more)`;
}

/** Columns as wide as their widest cell; the last one is ragged. Cells are made safe before. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) =>
    Math.max(...all.map((row) => visibleLength(row[column] ?? ""))),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - visibleLength(cell)))
      .join("  ")
      .trimEnd();
  return `${all.map(line).join("\n")}\n`;
}

/** At most `columns` characters of a line, colours not counted; they end with it. */
export function cutVisible(line: string, columns: number): string {
  if (visibleLength(line) <= columns) return line;
  let [kept, left, isPainted] = ["", Math.max(0, columns - 1), false];
  for (const part of line.match(/\u001b\[[\d;]*m|./gsu) ?? []) {
    const isStyle = part.startsWith("\u001b");
    if (!isStyle && left === 0) break;
    if (isStyle) isPainted = true;
    else left -= 1;
    kept += part;
  }
  const mark = columns > 0 ? "…" : "";
  return `${kept}${isPainted ? "\u001b[0m" : ""}${mark}`;
}

export const visibleLength = (text: string): number => [...stripVTControlCharacters(text)].length;

/** `3 s`, `12 min`, `5 h`, `9 d`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
