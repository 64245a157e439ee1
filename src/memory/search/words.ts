/**
 * The part of a search that goes by words: FTS5 and its BM25, where the title counts four times and details
 * half. Bounded: the most frequent words of a query are left out once the others fill the bound; BM25 would
 * hardly have counted them.
 */
import type Database from "better-sqlite3";
import { queryWords } from "../text.ts";
import { type Among, passing } from "./filter.ts";

export interface WordHit {
  readonly id: number;
  /** Higher is better. */
  readonly bm25: number;
}

export type WordSearch = (text: string, among: Among | null) => WordHit[];

const maxWords = 24;
/** Entries of the index that one search reads: what a scan of them costs is some 15 ms. */
const maxEntries = 30_000;
/** Of one word that is everywhere, the newest memories are ranked. */
const newest = 5000;
const kept = 200;
/** What a filter for many is put on. */
const keptWide = 400;

const score = "bm25(words, 4.0, 1.0, 0.5)";

/** A word inside quotes is a word, whatever it looks like. */
const quoted = (word: string): string => `"${word.replaceAll('"', '""')}"`;

export function wordSearch(database: Database.Database): WordSearch {
  const entries = database
    .prepare<[string], number>("SELECT doc FROM terms WHERE term = ?")
    .pluck();
  const best = database.prepare<[string, number], Scored>(
    `SELECT rowid AS id, ${score} AS score FROM words WHERE words MATCH ? ORDER BY score LIMIT ?`,
  );
  const latest = database.prepare<[string], Scored>(
    `SELECT rowid AS id, ${score} AS score FROM words WHERE words MATCH ?
     ORDER BY rowid DESC LIMIT ${newest}`,
  );
  // The plus keeps SQLite from asking the index once for each id.
  const listed = database.prepare<[string, string], Scored>(
    `SELECT rowid AS id, ${score} AS score FROM words WHERE words MATCH ?
     AND +rowid IN (SELECT value FROM json_each(?)) ORDER BY score LIMIT ${kept}`,
  );
  return (text, among) => {
    const chosen = choose(
      [...new Set(queryWords(text))].slice(0, maxWords),
      (word) =>
        // The tokenizer folds ASCII only, as `words` did before it.
        entries.get(word) ?? 0,
    );
    if (chosen === null) return [];
    const match = chosen.words.map(quoted).join(" OR ");
    if (among?.ids != null) return hits(listed.all(match, JSON.stringify(among.ids)));
    const found = chosen.frequent
      ? latest.all(match).sort((one, other) => one.score - other.score)
      : best.all(match, among === null ? kept : keptWide);
    if (among === null) return hits(found);
    const pass = passing(database, found.map(({ id }) => id).slice(0, keptWide), among);
    return hits(found.filter(({ id }) => pass.has(id))).slice(0, kept);
  };
}

interface Scored {
  readonly id: number;
  /** Of FTS5: lower is better. */
  readonly score: number;
}

const hits = (found: readonly Scored[]): WordHit[] =>
  found.map(({ id, score: bm25 }) => ({ id, bm25: -bm25 }));

/** Rarest first, as many as the bound holds; null when none of them is known. */
function choose(
  words: readonly string[],
  entriesOf: (word: string) => number,
): { readonly words: string[]; readonly frequent: boolean } | null {
  const known = words
    // A word that the tokenizer splits is no entry of its own; it is asked for all the same.
    .map((word) => ({
      word,
      entries: /^(?:[a-z0-9]|[^\x00-\x7f])+$/u.test(word) ? entriesOf(word) : 1,
    }))
    .filter(({ entries }) => entries > 0)
    .sort((one, other) => one.entries - other.entries);
  const [rarest] = known;
  if (rarest === undefined) return null;
  let sum = 0;
  const chosen = known.filter(({ entries }) => {
    sum += entries;
    return sum <= maxEntries;
  });
  return chosen.length === 0
    ? { words: [rarest.word], frequent: true }
    : { words: chosen.map(({ word }) => word), frequent: false };
}
