/**
 * Makes the vectors that are missing and those of another model anew, batch by batch, until time is over. The
 * model works outside of any transaction, so searching and storing go on meanwhile.
 */
import type Database from "better-sqlite3";
import { embedAll, embeddedText, type Index } from "./indexing.ts";
import type { Embedder } from "./types.ts";

const embedBatch = 64;

export interface EmbeddingParts {
  readonly database: Database.Database;
  readonly index: Index;
  readonly embedder: Embedder;
}

interface Bare {
  readonly id: number;
  readonly title: string;
  readonly text: string;
}

interface Made {
  readonly embedded: number;
  readonly why: string | null;
  readonly complete: boolean;
}

export function embedding({ database, index, embedder }: EmbeddingParts) {
  const without = database.prepare<[number, number], Bare>(`SELECT m.id, m.title, m.text
    FROM memories m LEFT JOIN vectors v ON v.memory = m.id
    WHERE m.id > ? AND m.state = 'live' AND (v.model IS NULL OR v.model <> ?)
    ORDER BY m.id LIMIT ${embedBatch}`);
  const live = database
    .prepare<[number], number>("SELECT 1 FROM memories WHERE id = ? AND state = 'live'")
    .pluck();
  /** The model took its time: what was forgotten meanwhile stays forgotten. */
  const keep = database.transaction((rows: readonly Bare[], made: (Float32Array | null)[]) => {
    rows.forEach(({ id }, at) => {
      if (live.get(id) !== undefined) index.setVector(id, made[at] ?? null);
    });
  });
  return async (inTime: () => boolean, signal: AbortSignal | undefined): Promise<Made> => {
    let embedded = 0;
    for (let after = 0; inTime(); ) {
      const rows = without.all(after, index.model);
      if (rows.length === 0) return { embedded, why: null, complete: true };
      const made = await embedAll(embedder, rows.map(embeddedText), signal);
      const why = made.find((one) => one.why !== null)?.why ?? null;
      if (why !== null) return { embedded, why, complete: true };
      keep.immediate(
        rows,
        made.map(({ vector }) => vector),
      );
      embedded += rows.length;
      after = rows.at(-1)?.id ?? after;
    }
    return { embedded, why: null, complete: false };
  };
}
