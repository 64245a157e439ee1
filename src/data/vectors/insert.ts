/** Rows into a table of vectors: each text once, all rows or none. Their vectors are made later. */
import type { Database } from "better-sqlite3";
import { inTransaction, quoted, Refused } from "../open.ts";
import { toValue, type Value } from "../params.ts";
import type { DataReply } from "../protocol.ts";
import { readStatement, refusalOf } from "../statement.ts";
import { digestOf, done, type Place, textColumn, vectorsOf } from "./place.ts";

/** Rows of a SELECT over the same database. */
export function* selected(
  database: Database,
  select: string,
): Iterable<Readonly<Record<string, unknown>>> {
  const why = refusalOf(readStatement(select), select);
  if (why !== null) throw new Refused(why);
  const prepared = database.prepare(select).safeIntegers(true);
  if (!prepared.readonly || !prepared.reader) throw new Refused("from is a SELECT");
  // Read first: it may be about the table that is written.
  yield* prepared.all() as Record<string, unknown>[];
}

export function insert(
  database: Database,
  { table }: Place,
  rows: Iterable<Readonly<Record<string, unknown>>>,
): Promise<DataReply> {
  const columns = database
    .prepare<[string], string>("SELECT name FROM pragma_table_info(?)")
    .pluck()
    .all(table);
  const known = database.prepare(`SELECT 1 FROM ${vectorsOf(table)} WHERE digest = ?`);
  const mark = database.prepare(
    `INSERT OR REPLACE INTO ${vectorsOf(table)} (id, digest) VALUES (?, ?)`,
  );
  return inTransaction(database, () => {
    let [added, there, changed] = [0, 0, 0];
    for (const row of rows) {
      const text = row[textColumn];
      if (typeof text !== "string" || text.trim() === "")
        throw new Refused(`each row needs a ${textColumn} that is a text`);
      const strange = Object.keys(row).find((name) => !columns.includes(name));
      if (strange !== undefined)
        throw new Refused(`${table} has no column ${strange}; it has ${columns.join(", ")}`);
      const old = row["id"] === undefined ? undefined : textAt(database, table, row["id"]);
      const isThere =
        row["id"] === undefined ? known.get(digestOf(text)) !== undefined : old === text;
      if (isThere) {
        there += 1;
        continue;
      }
      mark.run(put(database, table, row), digestOf(text));
      if (old === undefined) added += 1;
      else changed += 1;
    }
    return done(
      `${added} rows added${changed === 0 ? "" : `, ${changed} changed`}${there === 0 ? "" : `, ${there} were there already`}`,
    );
  });
}

const textAt = (database: Database, table: string, id: unknown): unknown =>
  database
    .prepare(`SELECT ${textColumn} FROM ${quoted(table)} WHERE id = ?`)
    .pluck()
    .get(asValue(id));

const asValue = (value: unknown): Value =>
  typeof value === "bigint" || value instanceof Uint8Array ? value : toValue(value);

function put(
  database: Database,
  table: string,
  row: Readonly<Record<string, unknown>>,
): number | bigint {
  const names = Object.keys(row);
  const sets = names.map((name) => `${quoted(name)} = excluded.${quoted(name)}`).join(", ");
  const sql = `INSERT INTO ${quoted(table)} (${names.map(quoted).join(", ")})
    VALUES (${names.map(() => "?").join(", ")}) ON CONFLICT (id) DO UPDATE SET ${sets} RETURNING id`;
  const values = names.map((name) => asValue(row[name]));
  return (
    database
      .prepare<Value[], bigint>(sql)
      .pluck()
      .safeIntegers(true)
      .get(...values) ?? 0n
  );
}
