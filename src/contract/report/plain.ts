/**
 * Text of checks, tasks and agents made harmless for a place that obeys control characters. Pure.
 *
 * Every character that shows nothing by itself counts: controls, line and paragraph separators, formats
 * (bidi, zero width, tags), private use and halves of pairs.
 */
import { withoutAtEnd } from "../../task/trim.ts";

const invisible = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** One line; what cannot be seen is written as `\u{HEX}`. */
export const visibleLine = (text: string): string =>
  text.replace(invisible, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

/** The same, but lines stay lines. */
export const visibleLines = (text: string): string[] =>
  withoutAtEnd(text.replace(/\r\n/g, "\n"), /\n/).split("\n").map(visibleLine);

/** Lines without anything invisible, tabs as blanks. */
export const strippedLines = (text: string): string[] =>
  text
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map((line) => line.replaceAll("\t", " ").replace(invisible, ""));

/** One line without anything invisible. */
export const strippedLine = (text: string): string => strippedLines(text).join(" ").trim();

/** At most `limit` characters, never half a pair, with a mark where something was left out. */
export function clipped(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** `3 s`, `12 min`, `5 h`, `9 d`. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** `2027-01-01T09:00:00Z`; a time that is none is said to be unknown, and stops nothing. */
export function utc(epochMs: number): string {
  const date = new Date(epochMs);
  if (Number.isNaN(date.getTime())) return "at an unknown time";
  return `${date.toISOString().slice(0, 19)}Z`;
}
