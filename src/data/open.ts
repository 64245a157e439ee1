/**
 * Opens a database that may be anybody's making, and says in words what goes wrong with one.
 *
 * better-sqlite3 switches off load_extension() in SQL and puts SQLite on the defensive (no writable_schema, no shadow
 * tables); what is in a schema is not trusted beyond that. Never: follows what is no regular file.
 */
import fs from "node:fs";
import Sqlite, { type Database } from "better-sqlite3";
import { errnoOf } from "../system/disk.ts";
import { reasonOf } from "../system/errors.ts";

/** What a request cannot have; its message is for the model. */
export class Refused extends Error {
  override readonly name = "Refused";
}

const busyMs = 5000;

/** Null where there is none. */
export function sizeOf(path: string): number | null {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  if (!stat.isFile()) throw new Refused(`${path} is not a regular file`);
  return stat.size;
}

/**
 * What a process that was killed left beside the database is put right by the next one that may write; who only reads is
 * refused until then.
 */
function hasLog(path: string): boolean {
  const isThere = ["-journal", "-wal"].some(
    (suffix) => fs.lstatSync(path + suffix, { throwIfNoEntry: false }) !== undefined,
  );
  try {
    if (isThere) fs.accessSync(path, fs.constants.W_OK);
    return isThere;
  } catch (error) {
    if (errnoOf(error) === null) throw error;
    return false;
  }
}

export type Use = "read" | "write" | "create";

export function openDatabase(path: string, use: Use): Database {
  if (sizeOf(path) === null && use !== "create") throw new Refused(`${path} does not exist`);
  const recovers = use === "read" && hasLog(path);
  const readonly = use === "read" && !recovers;
  const database = new Sqlite(path, { readonly, timeout: busyMs });
  try {
    if (recovers) database.pragma("query_only = ON");
    database.pragma("trusted_schema = OFF");
    database.pragma("cell_size_check = ON");
    database.pragma("mmap_size = 0");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

export async function usingDatabase<T>(
  path: string,
  use: Use,
  act: (database: Database) => T | Promise<T>,
): Promise<T> {
  const database = openDatabase(path, use);
  try {
    return await act(database);
  } finally {
    database.close();
  }
}

/** All of `act` or nothing. */
export async function inTransaction<T>(database: Database, act: () => T | Promise<T>): Promise<T> {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = await act();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite ends the transaction itself where it cannot go on, e.g. on a full disk.
    if (database.inTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

const remedies: readonly (readonly [prefix: string, remedy: string])[] = [
  ["SQLITE_FULL", "there is no room, on the disk or for sorting: ask for less at a time"],
  ["SQLITE_NOTADB", "it is no SQLite database"],
  ["SQLITE_CORRUPT", "the file is damaged: file_versions tells of older ones"],
  ["SQLITE_BUSY", "another process has it locked: try again"],
  ["SQLITE_CANTOPEN", "SQLite also needs to write beside it; copy it to the workspace"],
  ["SQLITE_READONLY", "it cannot be written; copy it to the workspace"],
  ["SQLITE_TOOBIG", "a value is too large"],
  ["SQLITE_IOERR", "the disk failed, or a file grew beyond its limit"],
];

/** What to say about an error that the request or the file brought about; null for a bug. */
export function explain(error: unknown): string | null {
  if (error instanceof Refused) return error.message;
  const code = error instanceof Error ? errnoOf(error) : null;
  if (code?.startsWith("SQLITE_") === true) {
    const remedy = remedies.find(([prefix]) => code.startsWith(prefix))?.[1];
    return `${reasonOf(error)} (${code})${remedy === undefined ? "" : `: ${remedy}`}`;
  }
  // What better-sqlite3 says about a statement or its parameters.
  if (error instanceof TypeError || error instanceof RangeError) return error.message;
  return code === null ? null : reasonOf(error);
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
