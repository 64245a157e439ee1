/**
 * The documents that an agent answers from: its index kept up to date, and the pieces that fit a question.
 *
 * Read as the file tools read: through the grants that hold at this moment, by descriptors, never through a link out of
 * them. Never: opens anything but small Markdown and text files; indexes more than its bounds. A piece of a file that
 * may not be read any more is gone with the next look, which comes before every answer.
 */
import fs from "node:fs";
import { join } from "node:path";
import { chunksOf, type Ranked, topRanked } from "../../agent/cascade/chunks.ts";
import { lexicalVector } from "../../memory/lexical.ts";
import { directoryWithin, readWithin, subdirectoryWithin } from "../../tools/files/open.ts";
import { Denied, type Reach } from "../../tools/files/reach.ts";
import type { CascadeStore, FileState, StoredChunk } from "./store.ts";

const maxFiles = 500;
const maxBytes = 1 << 20;
const maxDepth = 8;
const maxChunks = 5000;
/** Directory entries that are looked at in all. */
const maxSeen = 20_000;
const isDocument = (name: string): boolean => /\.(?:md|markdown|txt)$/i.test(name);

export interface Documents {
  readonly store: CascadeStore;
  /** What may be read now. */
  readonly reach: Reach;
  readonly directories: readonly string[];
}

/** The best pieces for `text`, best first. */
export function search(documents: Documents, text: string): Ranked[] {
  refresh(documents);
  const question = lexicalVector(text);
  return documents.store
    .chunks()
    .map((chunk) => ({ ...shown(chunk), score: scoreOf(chunk, question) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, topRanked);
}

const shown = ({ path, heading, text }: StoredChunk) => ({ path, heading, text });

export const cosine = (a: Float32Array, b: Float32Array): number =>
  a.length === b.length ? a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0) : 0;

/** A headline that is the question says more than the text below it. */
const scoreOf = ({ vector, headingVector }: StoredChunk, question: Float32Array): number =>
  Math.max(cosine(vector, question), headingVector === null ? 0 : cosine(headingVector, question));

function refresh({ store, reach, directories }: Documents): void {
  const known = new Map(store.files().map((file) => [file.path, file]));
  const found = directories.flatMap((directory) => filesIn(reach, directory)).slice(0, maxFiles);
  const there = new Set<string>();
  let left = maxChunks;
  for (const path of found) {
    const file = indexed(store, reach, path, known.get(path));
    if (file === null) continue;
    left -= file;
    if (left < 0) break;
    there.add(path);
  }
  const gone = [...known.keys()].filter((path) => !there.has(path));
  if (gone.length > 0 || left < 0)
    store.dropFiles([...gone, ...found.filter((one) => !there.has(one))]);
}

/** How many pieces it has at most; null where it cannot be read. */
function indexed(
  store: CascadeStore,
  reach: Reach,
  path: string,
  before: FileState | undefined,
): number | null {
  try {
    return readWithin(reach, path, (fd, { mtimeMs, size }) => {
      if (size > maxBytes) return null;
      const pieces = Math.ceil(size / 250);
      if (before?.mtime === mtimeMs && before.size === size) return pieces;
      const chunks = chunksOf(fs.readFileSync(fd, "utf8").slice(0, maxBytes).replaceAll("\0", ""));
      store.replaceFile({ path, mtime: mtimeMs, size }, chunks.map(withVectors));
      return pieces;
    });
  } catch (error) {
    // Gone, forbidden or replaced meanwhile.
    if (error instanceof Denied) return null;
    throw error;
  }
}

const withVectors = (chunk: { readonly heading: string; readonly text: string }) => ({
  ...chunk,
  vector: lexicalVector(`${chunk.heading}\n${chunk.text}`),
  headingVector: chunk.heading === "" ? null : lexicalVector(chunk.heading),
});

/** By name, so that the same ones are left out every time. */
function filesIn(reach: Reach, top: string): string[] {
  const found: string[] = [];
  let seen = 0;
  const visit = (through: string, directory: string, depth: number): void => {
    const entries = fs.readdirSync(through, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      seen += 1;
      if (seen > maxSeen || found.length >= maxFiles) return;
      if (entry.name.startsWith(".")) continue;
      const path = join(directory, entry.name);
      if (entry.isFile() && isDocument(entry.name)) found.push(path);
      if (entry.isDirectory() && depth < maxDepth)
        unlessDenied(() =>
          subdirectoryWithin(reach, through, path, (_, inner) => visit(inner, path, depth + 1)),
        );
    }
  };
  unlessDenied(() => directoryWithin(reach, top, (_, through) => visit(through, top, 0)));
  return found;
}

function unlessDenied(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Denied)) throw error;
  }
}
