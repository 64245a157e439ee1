/**
 * One order out of two. Pure.
 *
 *     relevance = (1 / (60 + rank by words) + 1 / (60 + rank by vector)) × 61 / 2
 *     total     = relevance × (0.6 + 0.3 × confidence today + 0.1 × freshness)
 *
 * Reciprocal rank fusion (Cormack, Clarke, Büttcher 2009): BM25 and cosine have no common measure, ranks have.
 * A way that did not find a memory adds nothing. First in both is 1. Trust and age move a memory among those
 * that fit equally well; they never bring up one that does not fit.
 */
import { confidenceAt, freshnessAt } from "../decay.ts";
import type { Memory, Scores } from "../types.ts";
import type { VectorHit } from "./vectors.ts";
import type { WordHit } from "./words.ts";

const constant = 60;

export interface Fused extends Pick<Scores, "words" | "vector"> {
  readonly id: number;
  readonly relevance: number;
}

/** Both lists are best first. */
export function fuse(words: readonly WordHit[], vectors: readonly VectorHit[]): Fused[] {
  const found = new Map<number, Fused>();
  const share = (at: number) => ((1 / (constant + at + 1)) * (constant + 1)) / 2;
  words.forEach(({ id, bm25 }, at) => {
    found.set(id, { id, relevance: share(at), words: { rank: at + 1, bm25 }, vector: null });
  });
  vectors.forEach(({ id, cosine }, at) => {
    const before = found.get(id) ?? { id, relevance: 0, words: null, vector: null };
    const relevance = before.relevance + share(at);
    found.set(id, { ...before, relevance, vector: { rank: at + 1, cosine } });
  });
  return [...found.values()];
}

type Aged = Pick<Memory, "kind" | "provenance" | "confidence" | "updated" | "lastUsed">;

export function scoresOf({ relevance, words, vector }: Fused, memory: Aged, now: number): Scores {
  const confidence = confidenceAt(memory, now);
  const freshness = freshnessAt(memory, now);
  const total = relevance * (0.6 + 0.3 * confidence + 0.1 * freshness);
  return { total, words, vector, confidence, freshness };
}
