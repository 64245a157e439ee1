/**
 * YAML text → plain values, and back from a key to the line that a person wrote. Pure.
 *
 * Refuses what YAML readers commonly guess at: duplicate keys, several documents, unknown tags,
 * and aliases that multiply ("billion laughs").
 */
import { type Document, isMap, isNode, isPair, isScalar, LineCounter, parseDocument } from "yaml";
import type { SourceFile } from "./types.ts";

export type KeyPath = readonly (string | number)[];

export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Fault extends Position {
  readonly why: string;
}

export interface Source {
  readonly file: string;
  readonly value: unknown;
  /** Where the value at `path` stands, or its key when `of` is "key". */
  readonly locate: (path: KeyPath, of?: "key" | "value") => Position;
}

/** Anchors are a convenience for a handful of repeated lists, not a macro language. */
const maxAliases = 64;
const maxCharacters = 256 * 1024;
/** More of them tell a person nothing. */
const maxFaults = 100;

export function readSource(file: SourceFile): Source | Fault[] {
  if (file.text.length > maxCharacters)
    return [{ line: 1, column: 1, why: `is longer than ${maxCharacters} characters` }];
  const lines = new LineCounter();
  // prettyErrors would quote the text at each error, which takes the square of the time for many of them.
  const document = parsed(file.text, lines);
  if (document === null) return [tooDeep];
  const faults = [...document.errors, ...document.warnings].slice(0, maxFaults).map((error) => ({
    ...position(lines, error.pos[0]),
    why: firstLine(error.message),
  }));
  if (faults.length > 0) return faults;
  try {
    const value: unknown = document.toJS({ maxAliasCount: maxAliases });
    return {
      file: file.path,
      value,
      locate: (path, of = "value") => position(lines, offsetOf(document, path, of)),
    };
  } catch (error) {
    if (error instanceof RangeError) return [tooDeep];
    // toJS throws ReferenceError for an alias bomb and for an alias without an anchor.
    if (!(error instanceof ReferenceError)) throw error;
    return [{ line: 1, column: 1, why: firstLine(error.message) }];
  }
}

const tooDeep: Fault = { line: 1, column: 1, why: "it is nested too deeply" };

/** Null for what is nested deeper than the parser goes. */
function parsed(text: string, lineCounter: LineCounter): Document | null {
  try {
    return parseDocument(text, {
      ...{ lineCounter, strict: true, uniqueKeys: true, prettyErrors: false },
      // It would print parts of the text for a key that is no text.
      logLevel: "error",
      // A tag such as !!binary or !!set makes what is neither text, list nor map.
      resolveKnownTags: false,
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return null;
  }
}

const firstLine = (text: string): string =>
  (text.split("\n")[0] ?? text).replace(/ at line \d+, column \d+:?$/, "");

function position(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** The nearest ancestor that exists in the text stands for what is missing. */
function offsetOf(document: Document, path: KeyPath, of: "key" | "value"): number {
  for (let length = path.length; length > 0; length--) {
    const here = path.slice(0, length);
    const parent = length === 1 ? document.contents : document.getIn(here.slice(0, -1), true);
    const offset = of === "key" || length < path.length ? keyOffset(parent, here.at(-1)) : null;
    if (offset !== null) return offset;
    const node = document.getIn(here, true);
    if (isNode(node) && node.range) return node.range[0];
  }
  const { contents } = document;
  return isNode(contents) && contents.range ? contents.range[0] : 0;
}

function keyOffset(parent: unknown, key: string | number | undefined): number | null {
  if (!isMap(parent)) return null;
  const pair = parent.items.find(
    (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(key),
  );
  return pair && isScalar(pair.key) && pair.key.range ? pair.key.range[0] : null;
}
