/**
 * Runs one statement. What reads is run on a database that is open for reading only; what changes, in one
 * transaction. Never: runs what destroys before a copy is in a safe place (backup.ts); half of `many`.
 *
 * A change that turns out to lose many rows is taken back and made again after the copy.
 */
import type { Database, Statement as Prepared } from "better-sqlite3";
import { backUp } from "./backup.ts";
import { writesAttached } from "./effects.ts";
import { inTransaction, openDatabase, quoted, Refused, sizeOf, usingDatabase } from "./open.ts";
import { type Bound, bound, type Value } from "./params.ts";
import type { DataReply, SqlRequest } from "./protocol.ts";
import { present, save } from "./result.ts";
import { formOf } from "./rows-file.ts";
import { destroys, loses, readStatement, refusalOf, type Statement } from "./statement.ts";

/** Rows that a change may lose without a copy. */
const fewRows = 100;

const done = (text: string): DataReply => ({ kind: "done", text });

export async function query(request: SqlRequest): Promise<DataReply> {
  const statement = readStatement(request.sql);
  const why = refusalOf(statement, request.sql);
  if (why !== null) throw new Refused(why);
  if (sizeOf(request.db) !== null) {
    const read = await usingDatabase(request.db, "read", (database) =>
      look(database, request, statement),
    );
    if (read !== null) return read;
  } else if (statement.verb !== "CREATE")
    throw new Refused(`${request.db} does not exist: CREATE TABLE makes it`);
  return request.writable ? change(request, statement) : { kind: "needs-write" };
}

function attach(database: Database, { attach: others }: SqlRequest): void {
  for (const [name, path] of Object.entries(others)) {
    sizeOf(path);
    database.prepare(`ATTACH ? AS ${quoted(name)}`).run(path);
  }
}

type Ready = Prepared<unknown[], Value[]>;

const prepare = (database: Database, sql: string): Ready =>
  database.prepare<unknown[], Value[]>(sql).safeIntegers(true);

/** Null when it changes something. */
function look(database: Database, request: SqlRequest, { verb }: Statement): DataReply | null {
  attach(database, request);
  const prepared = prepare(database, request.sql);
  if (verb !== "EXPLAIN" && !prepared.readonly) return null;
  if (request.many !== null) throw new Refused("many is for statements that change rows");
  return done(rowsOf(prepared, bound(request.params), request));
}

function rowsOf(prepared: Ready, params: Bound, { saveTo, show }: SqlRequest, mustEnd = false) {
  if (!prepared.reader) {
    prepared.run(...params);
    return "[no rows]";
  }
  const columns = prepared.columns().map(({ name }) => name);
  const rows = prepared.raw(true).iterate(...params);
  if (saveTo === null) return present(columns, rows, show, mustEnd);
  return save(columns, rows, { path: saveTo, form: formOf(saveTo) ?? "csv" });
}

class TooMuch extends Error {}

async function change(request: SqlRequest, statement: Statement): Promise<DataReply> {
  const { db, backup } = request;
  const why = destroys(statement);
  const isThere = sizeOf(db) !== null;
  if (why !== null && isThere && !backup.done) return backUp(db, backup, why);
  const database = openDatabase(db, "create");
  try {
    return await act(database, request, statement);
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    return await backUp(db, backup, error.message);
  } finally {
    database.close();
  }
}

function act(database: Database, request: SqlRequest, statement: Statement) {
  attach(database, request);
  const prepared = prepare(database, request.sql);
  const sets = (request.many ?? [request.params]).map(bound);
  const [first = []] = sets;
  if (writesAttached(database, request.sql, first))
    throw new Refused("databases of attach are only read: name the one to change in db");
  if (statement.verb === "VACUUM") {
    prepared.run();
    return done("[done]");
  }
  return inTransaction(database, () => {
    const before = total(database);
    const rows = sets.map((params) => rowsOf(prepared, params, request, true));
    const all = total(database) - before;
    const direct = rows.length === 1 ? changesOf(database) : all;
    const lost = loses(statement) ? all : all - direct;
    if (lost > fewRows && !request.backup.done)
      throw new TooMuch(`it changes or removes ${lost} rows`);
    const last = rows.at(-1) ?? "";
    const changed = `[${direct} rows changed${all > direct ? `, ${all - direct} more by triggers and keys` : ""}]`;
    return done(last === "[no rows]" ? changed : `${last}\n${changed}`);
  });
}

const total = (database: Database): number =>
  Number(database.prepare("SELECT total_changes()").pluck().get());

/** CREATE and its like leave the count of the statement before; there is none. */
const changesOf = (database: Database): number =>
  Number(database.prepare("SELECT changes()").pluck().get());
