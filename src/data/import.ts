/**
 * A file into a table: read once for names and types, once for the rows, in one transaction. All or nothing: killed
 * anywhere, the table is as it was. Never: holds the file in memory; loses a row without saying so.
 */
import fs from "node:fs";
import type { Database } from "better-sqlite3";
import { backUp } from "./backup.ts";
import { csvSource } from "./csv.ts";
import { type ColumnType, columnTypes, converted, see, typeOf, unseen } from "./infer.ts";
import { jsonSource, ndjsonSource } from "./objects.ts";
import { inTransaction, quoted, Refused, sizeOf, usingDatabase } from "./open.ts";
import type { Value } from "./params.ts";
import { parquetSource } from "./parquet.ts";
import type { DataReply, ImportRequest } from "./protocol.ts";
import { type BadRow, mostColumns, type Source } from "./source.ts";

const shownBad = 20;

export async function importFile(request: ImportRequest): Promise<DataReply> {
  const { db, table, mode, backup } = request;
  const isNew = sizeOf(db) === null;
  const there = isNew ? null : await usingDatabase(db, "read", (of) => columnsOf(of, table));
  if (mode === "create" && there !== null)
    throw new Refused(`table ${table} exists: set mode to append or replace`);
  if (mode === "append" && there === null) throw new Refused(`there is no table ${table} in ${db}`);
  const source = await sourceOf(request);
  check(source, there, request);
  if (mode === "replace" && there !== null && !backup.done)
    return backUp(db, backup, `table ${table} is replaced`);
  const types = await typesOf(source, request);
  try {
    return await usingDatabase(db, "create", (of) => fill(of, source, types, request));
  } catch (error) {
    // It was not there before, so there is nothing in it.
    if (isNew) fs.rmSync(db, { force: true });
    throw error;
  }
}

function sourceOf(request: ImportRequest): Promise<Source> {
  const { file, format } = request;
  sizeOf(file);
  switch (format) {
    case "csv":
      return csvSource(request);
    case "json":
      return jsonSource(file);
    case "ndjson":
      return ndjsonSource(file);
    case "parquet":
      return parquetSource(file);
  }
}

function columnsOf(database: Database, table: string): string[] | null {
  const names = database
    .prepare<[string], string>("SELECT name FROM pragma_table_info(?)")
    .pluck()
    .all(table);
  return names.length === 0 ? null : names;
}

function check(
  source: Source,
  there: readonly string[] | null,
  { mode, types }: ImportRequest,
): void {
  if (source.columns.length === 0) throw new Refused("the file has no columns");
  if (source.columns.length > mostColumns) throw new Refused("the file has too many columns");
  const has = (names: readonly string[], name: string): boolean =>
    names.some((one) => one.toLowerCase() === name.toLowerCase());
  const strange = Object.keys(types).find((name) => !source.columns.includes(name));
  if (strange !== undefined)
    throw new Refused(`types names ${strange}; the file has ${source.columns.join(", ")}`);
  if (mode !== "append" || there === null) return;
  const missing = source.columns.filter((name) => !has(there, name));
  if (missing.length > 0)
    throw new Refused(`the table has no column ${missing.join(", ")}; it has ${there.join(", ")}`);
}

interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

async function typesOf(source: Source, { types }: ImportRequest): Promise<Column[]> {
  const { columns, untyped } = source;
  const seen = columns.map(unseen);
  for await (const { values } of source.rows(() => undefined))
    for (const [at, one] of seen.entries()) see(one, values[at] ?? null, untyped);
  return columns.map((name, at) => {
    const given = columnTypes.find((type) => type === types[name]);
    return { name, type: given ?? typeOf(seen[at] ?? unseen(), untyped) };
  });
}

function fill(
  database: Database,
  source: Source,
  columns: readonly Column[],
  { table, mode, badRows }: ImportRequest,
): Promise<DataReply> {
  const bad: BadRow[] = [];
  let badCount = 0;
  const note = (row: BadRow): void => {
    badCount += 1;
    if (bad.length < shownBad) bad.push(row);
  };
  return inTransaction(database, async () => {
    if (mode === "replace") database.exec(`DROP TABLE IF EXISTS ${quoted(table)}`);
    if (mode !== "append")
      database.exec(
        `CREATE TABLE ${quoted(table)} (${columns.map(({ name, type }) => `${quoted(name)} ${type}`).join(", ")})`,
      );
    const names = columns.map(({ name }) => quoted(name)).join(", ");
    const insert = database.prepare(
      `INSERT INTO ${quoted(table)} (${names}) VALUES (${columns.map(() => "?").join(", ")})`,
    );
    let count = 0;
    for await (const { values } of source.rows(note)) {
      insert.run(columns.map(({ type }, at) => valueAt(source, values[at] ?? null, type)));
      count += 1;
    }
    if (badCount > 0 && badRows === "refuse") throw new Refused(badText(badCount, bad, false));
    const made = columns.map(({ name, type }) => `${name} ${type || "(any)"}`).join(", ");
    const lines = [
      `imported ${count} rows into ${table} (${made})`,
      ...source.notes,
      ...(badCount === 0 ? [] : [badText(badCount, bad, true)]),
    ];
    return { kind: "done", text: lines.join("\n") };
  });
}

const valueAt = ({ untyped }: Source, value: Value, type: ColumnType): Value =>
  untyped ? converted(value, type) : value;

function badText(count: number, bad: readonly BadRow[], isDone: boolean): string {
  const lines = bad.map(({ line, why }) => `line ${line}: ${why}`);
  const more = count > bad.length ? [`and ${count - bad.length} more`] : [];
  const first = isDone
    ? `${count} rows were left out:`
    : `nothing was imported: ${count} rows are bad; mend them, or set bad_rows to skip:`;
  return [first, ...lines, ...more].join("\n");
}
