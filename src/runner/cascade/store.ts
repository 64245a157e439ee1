/**
 * What the cascade remembers: answers, pieces of documents, how tasks ended. `state/cascade.db`, one SQLite file.
 *
 * Nothing in it is needed by any task. Never: larger than its bounds. One runner at a time writes. After a crash: each
 * method here was done whole or not at all.
 */
import type Database from "better-sqlite3";
import type { Kept } from "../../agent/cascade/cacheable.ts";
import type { Chunk } from "../../agent/cascade/chunks.ts";
import { type Lesson, type Past, remembered } from "../../agent/cascade/learn.ts";
import type { Disk } from "../../system/disk.ts";
import { openDatabase } from "./open.ts";

export interface KeptAnswer extends Kept {
  readonly vector: Float32Array;
}

export interface FileState {
  readonly path: string;
  /** Epoch milliseconds, and bytes. */
  readonly mtime: number;
  readonly size: number;
}

export interface StoredChunk extends Chunk {
  readonly path: string;
  /** Of the headline with the text, and of the headline alone; null without one. */
  readonly vector: Float32Array;
  readonly headingVector: Float32Array | null;
}

export interface CascadeStore {
  readonly exact: (principal: string, context: string, text: string) => Kept | null;
  /** Latest first. */
  readonly answers: (principal: string, context: string) => KeptAnswer[];
  /** Drops what is older than `oldest`, and the oldest beyond `max`. */
  readonly keep: (
    answer: KeptAnswer,
    bounds: { readonly max: number; readonly oldest: number },
  ) => void;
  readonly files: () => FileState[];
  readonly replaceFile: (file: FileState, chunks: readonly Omit<StoredChunk, "path">[]) => void;
  readonly dropFiles: (paths: readonly string[]) => void;
  readonly chunks: () => StoredChunk[];
  /** The same key is learned once. */
  readonly learn: (
    lesson: Lesson,
    of: { readonly key: string; readonly principal: string; readonly at: number },
  ) => boolean;
  /** What a task was about, and when it was at work. */
  readonly note: (task: NotedTask) => void;
  /** Makes failures of the tasks that were at work meanwhile, where they are of one principal; returns what is new. */
  readonly blame: (blame: Blame, at: number) => string[];
  readonly past: (principal: string) => Past[];
  readonly close: () => void;
}

export interface NotedTask {
  readonly key: string;
  readonly principal: string;
  readonly about: readonly string[];
  /** Epoch milliseconds. */
  readonly began: number;
  readonly ended: number;
}

/** Something held at `passed`, and did not at `failed`. */
export interface Blame {
  readonly passed: number;
  readonly failed: number;
  readonly error: (principal: string) => string;
}

/** Tasks that can still be blamed; beyond, the oldest go. */
const maxTasks = 500;

/** Lessons in all; beyond, the oldest go. */
const maxLessons = 5000;

export const openStore = async (
  disk: Disk,
  path: string,
  /** A file was set aside. */
  damaged: (why: string) => void,
): Promise<CascadeStore> => storeOver(await openDatabase(disk, path, damaged));

type Row = Readonly<Record<string, unknown>>;

const blobOf = (vector: Float32Array): Buffer =>
  Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);

/** Copied: SQLite's bytes may lie anywhere, floats may not. */
const vectorOf = (blob: unknown): Float32Array =>
  new Float32Array(new Uint8Array(blob as Uint8Array).buffer);

const keptOf = (row: Row): KeptAnswer => ({
  principal: String(row["principal"]),
  context: String(row["context"]),
  text: String(row["text"]),
  answer: String(row["answer"]),
  at: Number(row["at"]),
  vector: vectorOf(row["vector"]),
});

function storeOver(database: Database.Database): CascadeStore {
  const run = (sql: string, ...values: unknown[]): number =>
    database.prepare(sql).run(...values).changes;
  const all = (sql: string, ...values: unknown[]): Row[] =>
    database.prepare(sql).all(...values) as Row[];
  const whole = <T>(act: () => T): T => database.transaction(act).immediate();
  return {
    exact(principal, context, text) {
      const where = "principal = ? AND context = ? AND text = ?";
      const [row] = all(`SELECT * FROM answers WHERE ${where}`, principal, context, text);
      return row === undefined ? null : keptOf(row);
    },
    answers: (principal, context) =>
      all(
        "SELECT * FROM answers WHERE principal = ? AND context = ? ORDER BY at DESC",
        principal,
        context,
      ).map(keptOf),
    keep: ({ principal, context, text, answer, vector, at }, { max, oldest }) =>
      whole(() => {
        const values = [principal, context, text, answer, blobOf(vector), at];
        run("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)", ...values);
        run("DELETE FROM answers WHERE at < ?", oldest);
        const kept = "SELECT rowid FROM answers ORDER BY at DESC, rowid DESC LIMIT ?";
        run(`DELETE FROM answers WHERE rowid NOT IN (${kept})`, max);
      }),
    files: () =>
      all("SELECT * FROM files").map((row) => ({
        path: String(row["path"]),
        mtime: Number(row["mtime"]),
        size: Number(row["size"]),
      })),
    replaceFile: ({ path, mtime, size }, chunks) =>
      whole(() => {
        run("DELETE FROM files WHERE path = ?", path);
        run("INSERT INTO files VALUES (?, ?, ?)", path, mtime, size);
        for (const [n, { heading, text, vector, headingVector }] of chunks.entries()) {
          const title = headingVector === null ? null : blobOf(headingVector);
          run(
            "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?)",
            path,
            n,
            heading,
            text,
            blobOf(vector),
            title,
          );
        }
      }),
    dropFiles: (paths) =>
      whole(() => {
        for (const path of paths) run("DELETE FROM files WHERE path = ?", path);
      }),
    chunks: () =>
      all("SELECT * FROM chunks ORDER BY path, n").map((row) => ({
        path: String(row["path"]),
        heading: String(row["heading"]),
        text: String(row["text"]),
        vector: vectorOf(row["vector"]),
        headingVector: row["heading_vector"] === null ? null : vectorOf(row["heading_vector"]),
      })),
    learn: ({ ok, error, about }, { key, principal, at }) =>
      whole(() => {
        const sql =
          "INSERT OR IGNORE INTO lessons (key, principal, about, ok, error, at) VALUES (?, ?, ?, ?, ?, ?)";
        const made = about.map((one) => run(sql, key, principal, one, ok ? 1 : 0, error, at));
        const last = "SELECT max(id) FROM lessons";
        run(`DELETE FROM lessons WHERE id <= (${last}) - ?`, maxLessons);
        return made.some((count) => count > 0);
      }),
    note: ({ key, principal, about, began, ended }) =>
      whole(() => {
        const values = [key, principal, JSON.stringify(about), began, ended];
        run("INSERT OR IGNORE INTO tasks VALUES (?, ?, ?, ?, ?)", ...values);
        const kept = "SELECT key FROM tasks ORDER BY ended DESC, key LIMIT ?";
        run(`DELETE FROM tasks WHERE key NOT IN (${kept})`, maxTasks);
      }),
    blame: ({ passed, failed, error }, at) =>
      whole(() => {
        const tasks = all("SELECT * FROM tasks WHERE began < ? AND ended > ?", failed, passed);
        const principals = new Set(tasks.map((task) => String(task["principal"])));
        const [principal, ...others] = principals;
        if (principal === undefined || others.length > 0) return [];
        const sql =
          "INSERT INTO lessons (key, principal, about, ok, error, at) VALUES (?, ?, ?, 0, ?, ?) " +
          "ON CONFLICT (key, about) DO UPDATE SET ok = 0, error = excluded.error WHERE ok = 1";
        return tasks.flatMap((task) =>
          (JSON.parse(String(task["about"])) as string[]).filter(
            (about) => run(sql, task["key"], principal, about, error(principal), at) > 0,
          ),
        );
      }),
    past: (principal) =>
      pastOf(all("SELECT * FROM lessons WHERE principal = ? ORDER BY id DESC", principal)),
    close: () => void database.close(),
  };
}

function pastOf(rows: readonly Row[]): Past[] {
  const found = new Map<string, { ok: boolean; error: string | null }[]>();
  for (const row of rows) {
    const about = String(row["about"]);
    const results = found.get(about) ?? [];
    found.set(about, results);
    const { error } = row;
    if (results.length < remembered)
      results.push({ ok: row["ok"] === 1, error: error === null ? null : String(error) });
  }
  return [...found].map(([about, results]) => ({ about, results }));
}
