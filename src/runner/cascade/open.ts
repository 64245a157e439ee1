/**
 * Opens `state/cascade.db`, or begins it. Never: followed through a link, or readable by anybody but the agent's runner.
 *
 * Nothing in it is needed by any task: a file that cannot be read is set aside and begun anew. After a crash in between:
 * a file that was set aside, and none, or an empty one.
 */
import { constants } from "node:fs";
import type Database from "better-sqlite3";
import { type Disk, errnoOf } from "../../system/disk.ts";

const applicationId = 0x636f6e63;
const version = 2;
const busyMs = 2000;
const schema = `
CREATE TABLE answers (principal TEXT NOT NULL, context TEXT NOT NULL, text TEXT NOT NULL, answer TEXT NOT NULL,
  vector BLOB NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (principal, context, text)) STRICT;
CREATE INDEX answers_at ON answers (at);
CREATE TABLE files (path TEXT PRIMARY KEY, mtime REAL NOT NULL, size INTEGER NOT NULL) STRICT;
CREATE TABLE chunks (path TEXT NOT NULL REFERENCES files (path) ON DELETE CASCADE, n INTEGER NOT NULL,
  heading TEXT NOT NULL, text TEXT NOT NULL, vector BLOB NOT NULL, heading_vector BLOB,
  PRIMARY KEY (path, n)) STRICT;
CREATE TABLE lessons (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, principal TEXT NOT NULL,
  about TEXT NOT NULL, ok INTEGER NOT NULL, error TEXT, at INTEGER NOT NULL, UNIQUE (key, about)) STRICT;
CREATE INDEX lessons_of ON lessons (principal, about, id);
`;
/** Came with version 2: what a task used and when it was at work, for what is heard of it later. */
const taskTable = `
CREATE TABLE tasks (key TEXT PRIMARY KEY, principal TEXT NOT NULL, about TEXT NOT NULL, began INTEGER NOT NULL,
  ended INTEGER NOT NULL) STRICT;
CREATE INDEX tasks_ended ON tasks (ended);
`;

/** `damaged`: a file was set aside. */
export async function openDatabase(
  disk: Disk,
  path: string,
  damaged: (why: string) => void,
): Promise<Database.Database> {
  try {
    return await openFile(disk, path);
  } catch (error) {
    if (!isDamage(error)) throw error;
    damaged((error as Error).message);
  }
  setAside(disk, path);
  return openFile(disk, path);
}

/** Also of what shows only when it is read. */
export const isDamage = (error: unknown): boolean =>
  /^SQLITE_(?:CORRUPT|NOTADB)/.test(errnoOf(error) ?? "") || error instanceof NotOurs;

class NotOurs extends Error {
  override readonly name = "NotOurs";
}

/** Companions first: a new file must never meet the log of another. */
export function setAside(disk: Disk, path: string): void {
  for (const end of ["-wal", "-shm"])
    if (disk.find(`${path}${end}`) !== null) disk.unlink(`${path}${end}`);
  if (disk.find(path) !== null) disk.rename(path, `${path}.damaged`);
}

async function openFile(disk: Disk, path: string): Promise<Database.Database> {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
  // SQLite would make it readable by whoever the umask lets.
  disk.close(disk.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600));
  const { default: Sqlite } = await import("better-sqlite3");
  const database: Database.Database = new Sqlite(path, { timeout: busyMs });
  try {
    prepare(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepare(database: Database.Database): void {
  database.pragma("journal_mode = WAL");
  // What a power cut takes is asked for again.
  database.pragma("synchronous = NORMAL");
  database.pragma("foreign_keys = ON");
  database.pragma("trusted_schema = OFF");
  const found = Number(database.pragma("user_version", { simple: true }));
  if (found === 0) {
    database.transaction(() => {
      database.exec(schema);
      database.exec(taskTable);
      database.pragma(`application_id = ${applicationId}`);
      database.pragma(`user_version = ${version}`);
    })();
    return;
  }
  const id = Number(database.pragma("application_id", { simple: true }));
  if (id === applicationId && found === 1) {
    database.transaction(() => {
      database.exec(taskTable);
      database.pragma(`user_version = ${version}`);
    })();
    return;
  }
  if (id !== applicationId || found !== version)
    throw new NotOurs("it was written by another version, or by something else");
}
