/**
 * Opens a memory file, or begins one; checks it; sets a damaged one aside.
 *
 * Never: empties, repairs or removes a file that cannot be read. It is renamed beside itself and reported.
 * After a crash while renaming: the next opening finds a damaged main file again, or none. What was committed
 * (WAL, synchronous FULL) survives a power cut.
 */
import { constants } from "node:fs";
import { basename, dirname, join } from "node:path";
import type Database from "better-sqlite3";
import type { Disk } from "../system/disk.ts";
import { syncDirectory } from "../system/durable.ts";
import { takeLock } from "../system/lock.ts";
import { badInput, MemoryError, named, troubleOf } from "./errors.ts";
import { applicationId, migrate, steps, versionOf } from "./schema.ts";

export interface Damaged {
  /** Where the file lies now. */
  readonly path: string;
  readonly why: string;
}

export interface Opened {
  readonly database: Database.Database;
  /** Null when all was well. Whoever opens tells a person. */
  readonly damaged: Damaged | null;
}

export interface OpenOptions {
  readonly disk: Disk;
  readonly path: string;
  readonly now: () => number;
  /** Looks only: nothing is made, migrated, checked or set aside. */
  readonly readonly?: boolean;
}

const busyMs = 5000;
const lockSeconds = 10;
/** Files up to this size are checked at each opening: some 15 ms. Larger ones take about 2.5 ms per MiB. */
const alwaysChecked = 4 << 20;
/** A log that grew longer is cut back once it is copied into the file. */
const keptLog = 16 << 20;
const checkedFor = 7 * 86_400_000;

export async function openFile(options: OpenOptions): Promise<Opened> {
  const { path } = options;
  try {
    return { database: await tryOpen(options), damaged: null };
  } catch (error) {
    if (troubleOf(error) !== "damaged" || options.readonly === true) throw named(path, error);
  }
  const lock = await takeLock(options.disk, `${path}.lock`, lockSeconds);
  if (lock === null)
    throw new MemoryError("busy", `memory ${path}`, "it is being set aside", "try again");
  try {
    return await openOrSetAside(options);
  } catch (error) {
    throw named(path, error);
  } finally {
    lock.release();
  }
}

/** Under the lock: another process may have done it meanwhile. */
async function openOrSetAside(options: OpenOptions): Promise<Opened> {
  try {
    return { database: await tryOpen(options), damaged: null };
  } catch (error) {
    if (troubleOf(error) !== "damaged") throw error;
    const why = error instanceof Error ? error.message : String(error);
    const damaged = { path: setAside(options), why };
    return { database: await tryOpen(options), damaged };
  }
}

/** Companions first: a main file must never meet a log that is not its own. */
function setAside({ disk, path, now }: OpenOptions): string {
  const stamp = new Date(now()).toISOString().replace(/[^0-9]/g, "");
  const free = (count: number): string => {
    const name = `${path}.damaged-${stamp}${count === 0 ? "" : `-${count}`}`;
    return disk.find(name) === null ? name : free(count + 1);
  };
  const aside = free(0);
  if (disk.find(`${path}-wal`) !== null) disk.rename(`${path}-wal`, `${aside}-wal`);
  if (disk.find(`${path}-shm`) !== null) disk.unlink(`${path}-shm`);
  disk.rename(path, aside);
  syncDirectory(disk, dirname(path));
  return aside;
}

async function tryOpen(options: OpenOptions): Promise<Database.Database> {
  const size = prepareFile(options);
  const { default: Sqlite } = await import("better-sqlite3");
  const vec = await import("sqlite-vec");
  const { path, readonly = false } = options;
  const database: Database.Database = new Sqlite(path, { timeout: busyMs, readonly });
  try {
    vec.load(database);
    if (readonly) checkCurrent(database, path);
    else prepare(database, options, size);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Begins a file that nobody else may read; gives back the size of one that is there. */
function prepareFile({ disk, path, readonly }: OpenOptions): number {
  const found = disk.find(path);
  if (found === null) {
    if (readonly === true) throw noneYet(path);
    const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
    disk.close(disk.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600));
    syncDirectory(disk, dirname(path));
    return 0;
  }
  if (!found.isFile()) throw badInput(`memory ${path}`, "it is not a regular file");
  // SQLite would take an empty file for a new one and throw its log away.
  const log = disk.find(join(dirname(path), `${basename(path)}-wal`));
  if (found.size === 0n && log !== null && log.size > 0n)
    throw damagedFile(path, "it is empty, but its log is not");
  return Number(found.size);
}

const noneYet = (path: string): MemoryError => {
  const remedy = "it begins with the agent's first task that has a thread, or a memory tool";
  return badInput(`memory ${path}`, "there is none yet", remedy);
};

const damagedFile = (path: string, why: string): MemoryError =>
  new MemoryError("damaged", `memory ${path}`, why, "it is set aside at the next opening");

function prepare(database: Database.Database, options: OpenOptions, size: number): void {
  if (size === 0) database.pragma("auto_vacuum = INCREMENTAL");
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.pragma("foreign_keys = ON");
  database.pragma("trusted_schema = OFF");
  database.pragma(`journal_size_limit = ${keptLog}`);
  checkVersion(database, options.path, 0);
  migrate(database, options.path);
  const due = size <= alwaysChecked || options.now() - lastCheck(database) > checkedFor;
  if (size > 0 && due) check(database, options.path, options.now());
  if (size === 0) remember(database, options.now());
}

/** Somebody else's database is neither damaged nor ours to change. */
function checkVersion(database: Database.Database, path: string, least = 1): void {
  const id = database.pragma("application_id", { simple: true });
  const version = versionOf(database);
  if (version < least || (version > 0 && id !== applicationId))
    throw badInput(`memory ${path}`, "it is no memory file of con");
}

/** For who only looks: an earlier version has other tables, and a file that its agent begins just now has none. */
function checkCurrent(database: Database.Database, path: string): void {
  const count = database.prepare("SELECT count(*) FROM sqlite_master").pluck().get();
  if (versionOf(database) === 0 && count === 0) throw noneYet(path);
  checkVersion(database, path);
  if (versionOf(database) >= steps.length) return;
  const why = `its version is ${versionOf(database)}, this program reads ${steps.length}`;
  throw new MemoryError(
    "older",
    `memory ${path}`,
    why,
    "start con-upkeep@NAME.service of the agent",
  );
}

const lastCheck = (database: Database.Database): number =>
  Number(
    database.prepare("SELECT value FROM meta WHERE name = 'checked'").pluck().get() ?? -Infinity,
  );

/** Reads the whole file; throws `damaged` with what SQLite found. Remembers when, once a day. */
export function check(database: Database.Database, path: string, now: number): void {
  const found = database.pragma("quick_check(1)", { simple: true });
  if (found !== "ok") throw damagedFile(path, String(found));
  if (now - lastCheck(database) > 86_400_000) remember(database, now);
}

function remember(database: Database.Database, now: number): void {
  const put = database.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('checked', ?)");
  put.run(String(Math.round(now)));
}
