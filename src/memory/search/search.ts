/**
 * Hybrid search: words and vectors, fused, weighed by trust and age, with what contradicts each result and why
 * it stands where it does. Reads only; never finds what belongs to others, is forgotten, replaced or expired.
 */
import type Database from "better-sqlite3";
import { embedOne } from "../indexing.ts";
import { memoryOf, type Reader } from "../rows.ts";
import { clean } from "../text.ts";
import {
  type Embedder,
  type Found,
  type Hit,
  maxResults,
  type Query,
  type Scores,
} from "../types.ts";
import { filtering } from "./filter.ts";
import { fuse, scoresOf } from "./fuse.ts";
import { snippetOf } from "./snippet.ts";
import { vectorSearch } from "./vectors.ts";
import { wordSearch } from "./words.ts";

export interface SearchParts {
  readonly database: Database.Database;
  readonly reader: Reader;
  readonly embedder: Embedder;
  /** Number of the embedder's model in this file. */
  readonly model: number;
  readonly now: () => number;
}

const usualResults = 8;
/** Of a longer question the beginning is searched for. */
const maxQuery = 2000;

export type Search = (query: Query, signal?: AbortSignal) => Promise<Found>;

interface Ranked {
  readonly hit: Omit<Hit, "snippet" | "contradicts">;
  readonly row: number;
}

export function searching({ database, reader, embedder, model, now }: SearchParts): Search {
  const filter = filtering(database);
  const byWords = wordSearch(database);
  const byVector = vectorSearch(database, { model, floor: embedder.floor });

  /** One transaction, so that all parts see the same moment. */
  const find = database.transaction((query: Query, vector: Float32Array | null): Hit[] => {
    const among = filter(query);
    const words = byWords(query.text, among);
    const also = words.map(({ id }) => id);
    const vectors = vector === null ? [] : byVector(vector, also, among);
    const at = now();
    const fused = new Map(fuse(words, vectors).map((one) => [one.id, one]));
    const ranked: Ranked[] = [];
    for (const row of reader.many([...fused.keys()])) {
      const found = fused.get(row.id);
      const expired = row.expires !== null && row.expires <= at;
      if (found === undefined || expired || row.state !== "live") continue;
      const memory = memoryOf(row);
      ranked.push({ hit: { memory, scores: scoresOf(found, memory, at) }, row: row.id });
    }
    ranked.sort((one, other) => compare(one.hit.scores, other.hit.scores) || other.row - one.row);
    const limit = Math.min(maxResults, Math.max(1, query.limit ?? usualResults));
    return ranked.slice(0, limit).map(({ hit, row }) => ({
      ...hit,
      snippet: snippetOf(hit.memory.text, query.text),
      contradicts: reader.against(row).map(memoryOf),
    }));
  });

  return async (asked, signal) => {
    const query = { ...asked, text: clean(asked.text).slice(0, maxQuery).toWellFormed() };
    if (query.principals.length === 0) return { hits: [], withoutVectors: null };
    const { vector, why } = await embedOne(embedder, query.text, signal);
    return { hits: find(query, vector), withoutVectors: why };
  };
}

const compare = (one: Scores, other: Scores): number => other.total - one.total;
