/**
 * What makes a live memory findable: its words and its vector. Always called inside the transaction that
 * changes the memory itself, so the index is never of another moment.
 */
import type Database from "better-sqlite3";
import { reasonOf } from "../system/errors.ts";
import { normalised } from "./lexical.ts";
import { sketchOf } from "./sketch.ts";
import { words } from "./text.ts";
import type { Embedder, Memory } from "./types.ts";

type Texts = Pick<Memory, "title" | "category" | "text"> & { readonly details: string | null };

export interface Index {
  /** Number of the model whose vectors count now. */
  readonly model: number;
  add(row: number, texts: Texts): void;
  /** Keeps the vector; null: its text has none. The memory is live and becomes findable by it. */
  setVector(row: number, vector: Float32Array | null): void;
  /** Takes it out of searching, and brings it back with `add` and `restoreVector`. */
  remove(row: number): void;
  restoreVector(row: number): void;
}

/** What a vector is made of: the summary; details are found by their words. */
export const embeddedText = ({ title, text }: Pick<Texts, "title" | "text">): string =>
  `${title}\n${text}`;

/** The model in use gets its number; vectors of others stay until upkeep has made new ones. */
export function modelNumber(
  database: Database.Database,
  { model, dimensions }: Pick<Embedder, "model" | "dimensions">,
  readonly: boolean,
): number {
  const known = database.prepare("SELECT id FROM models WHERE name = ? AND dimensions = ?").pluck();
  const found = known.get(model, dimensions) as number | undefined;
  if (found !== undefined) return found;
  // Nothing has this number: a reader finds no vectors.
  if (readonly) return 0;
  const insert = database.prepare("INSERT OR IGNORE INTO models (name, dimensions) VALUES (?, ?)");
  insert.run(model, dimensions);
  return known.get(model, dimensions) as number;
}

const bytesOf = (vector: Float32Array): Buffer =>
  Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);

/** A copy where the bytes do not lie at a multiple of four. */
export function vectorOf(bytes: Buffer): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : Buffer.from(new Uint8Array(bytes));
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 2);
}

export interface Embedded {
  /** Of length 1; null: the text has none, or `why` says why it could not be made. */
  readonly vector: Float32Array | null;
  readonly why: string | null;
}

/** Never throws, except when `signal` ends it: what cannot be embedded now is found by its words. */
export async function embedAll(
  embedder: Embedder,
  texts: readonly string[],
  signal?: AbortSignal,
): Promise<Embedded[]> {
  try {
    const vectors = await embedder.embed(texts, signal);
    return texts.map((_, at) => checked(vectors[at], embedder));
  } catch (error) {
    signal?.throwIfAborted();
    return texts.map(() => ({ vector: null, why: reasonOf(error) }));
  }
}

export async function embedOne(
  embedder: Embedder,
  text: string,
  signal?: AbortSignal,
): Promise<Embedded> {
  const [only] = await embedAll(embedder, [text], signal);
  return only ?? { vector: null, why: "no vector came" };
}

function checked(vector: Float32Array | undefined, { dimensions }: Embedder): Embedded {
  if (vector?.length !== dimensions)
    return { vector: null, why: `a vector of ${vector?.length ?? 0} numbers, not ${dimensions}` };
  const unit = normalised(Float32Array.from(vector));
  return { vector: unit.some((value) => value !== 0) ? unit : null, why: null };
}

export function indexOf(database: Database.Database, model: number): Index {
  const addWords = database.prepare(
    "INSERT INTO words (rowid, title, text, details) VALUES (?, ?, ?, ?)",
  );
  const removeWords = database.prepare("DELETE FROM words WHERE rowid = ?");
  const addVector = database.prepare(
    "INSERT OR REPLACE INTO vectors (memory, model, vector) VALUES (?, ?, ?)",
  );
  const vectorAt = database.prepare<[number], { model: number; vector: Buffer }>(
    "SELECT model, vector FROM vectors WHERE memory = ?",
  );
  const addSketch = database.prepare(
    "INSERT INTO sketches (rowid, model, bits) VALUES (?, ?, vec_bit(?))",
  );
  const removeSketch = database.prepare("DELETE FROM sketches WHERE rowid = ?");
  /** vec0 takes whole numbers only as BigInt. */
  const sketch = (row: number, of: number, vector: Float32Array) =>
    addSketch.run(BigInt(row), BigInt(of), sketchOf(vector));
  return {
    model,
    add: (row, { title, category, text, details }) => {
      const heading = words(`${title}\n${category}`).join(" ");
      addWords.run(row, heading, words(text).join(" "), words(details ?? "").join(" "));
    },
    setVector: (row, vector) => {
      removeSketch.run(BigInt(row));
      // An empty one, so that a text without words is not embedded again and again.
      addVector.run(row, model, vector === null ? Buffer.alloc(0) : bytesOf(vector));
      if (vector !== null) sketch(row, model, vector);
    },
    remove: (row) => {
      removeWords.run(row);
      removeSketch.run(BigInt(row));
    },
    restoreVector: (row) => {
      const kept = vectorAt.get(row);
      if (kept !== undefined && kept.vector.length > 0)
        sketch(row, kept.model, vectorOf(kept.vector));
    },
  };
}
