/**
 * The end of old turns: those that a summary stands for. The summary stays, is found by its words, and keeps what is
 * known of them: how many there were, and whether an unverified sender was among them, so that its trust never rises.
 */
import type Database from "better-sqlite3";
import { summaryIndexing } from "./threads.ts";

interface Row {
  readonly id: number;
  readonly thread: number;
  readonly trust: string;
  readonly at: number;
  readonly summary: string;
}

/** One batch of turns that ended before a moment; how many went. */
export type EndTurns = (before: number, most: number) => number;

export function turnEnding(database: Database.Database): EndTurns {
  const old = database.prepare<[number, number], Row>(
    `SELECT t.id, t.thread, t.trust, t.at, h.summary FROM turns t JOIN threads h ON h.id = t.thread
     WHERE t.covered = 1 AND t.at < ? AND h.summary IS NOT NULL ORDER BY t.at, t.id LIMIT ?`,
  );
  const count = database.prepare(
    `UPDATE threads SET gone = gone + 1, gone_doubted = gone_doubted + @doubted,
     gone_until = max(coalesce(gone_until, 0), @at) WHERE id = @thread`,
  );
  const index = summaryIndexing(database);
  const unindex = database.prepare("DELETE FROM turn_words WHERE rowid = ?");
  const remove = database.prepare("DELETE FROM turns WHERE id = ?");
  const act = database.transaction((before: number, most: number): number => {
    const rows = old.all(before, most);
    for (const [thread, summary] of new Map(rows.map((row) => [row.thread, row.summary])))
      index(thread, summary);
    for (const { id, thread, trust, at } of rows) {
      count.run({ thread, at, doubted: trust === "verified" ? 0 : 1 });
      unindex.run(id);
      remove.run(id);
    }
    return rows.length;
  });
  return (before, most) => act.immediate(before, most);
}
