/** The part of a text in which most of the asked words stand. Pure. */
import { queryWords } from "../text.ts";

/** Letters of a snippet, without the marks of what was left out. */
const width = 240;
/** Step between the windows that are compared. */
const step = 80;

/** At most some `width` letters of `text`, whole words; marked with … where something is left out. */
export function snippetOf(text: string, query: string): string {
  const flat = text.replace(/\s+/gu, " ").trim();
  if (flat.length <= width) return flat;
  const wanted = new Set(queryWords(query));
  let best = { at: 0, count: 0 };
  for (let at = 0; at < flat.length && wanted.size > 0; at += step) {
    const inside = new Set(queryWords(flat.slice(at, at + width)));
    const count = [...wanted].filter((word) => inside.has(word)).length;
    if (count > best.count) best = { at, count };
  }
  return cut(flat, best.at);
}

function cut(flat: string, start: number): string {
  const from = start === 0 ? 0 : boundary(flat, start);
  const end = Math.min(flat.length, from + width);
  const to = end === flat.length ? end : Math.max(from + 1, lastBoundary(flat, from, end));
  const inside = flat.slice(from, to).trim().toWellFormed();
  return `${from > 0 ? "… " : ""}${inside}${to < flat.length ? " …" : ""}`;
}

/** The next word's beginning, unless it is far: text without spaces is cut anywhere. */
function boundary(flat: string, at: number): number {
  const space = flat.indexOf(" ", at);
  return space >= 0 && space - at < 30 ? space + 1 : at;
}

function lastBoundary(flat: string, from: number, end: number): number {
  const space = flat.lastIndexOf(" ", end);
  return space > from && end - space < 30 ? space : end;
}
