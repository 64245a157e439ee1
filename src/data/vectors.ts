/**
 * Tables of texts that are found by their meaning. The vectors lie in a table of their own beside the texts, as plain
 * blobs, so any SQLite can read the file; sqlite-vec compares them, all of them, exactly.
 *
 * A row whose text changes loses its vector by a trigger: it is made anew, never wrong. What is done is kept after a
 * crash: what has no vector yet is what is left to do. Never: gives numbers back.
 */
import type { Database } from "better-sqlite3";
import { backUp } from "./backup.ts";
import { inTransaction, quoted, Refused, sizeOf, usingDatabase } from "./open.ts";
import { bound } from "./params.ts";
import type { DataReply, DataRequest, Model, VectorAct } from "./protocol.ts";
import { batch } from "./vectors/batch.ts";
import { insert, selected } from "./vectors/insert.ts";
import { done, left, type Place, textColumn, vectorsOf } from "./vectors/place.ts";
import { search } from "./vectors/search.ts";

type VectorRequest = Extract<DataRequest, { readonly op: "vectors" }>;

/** Names and models of the tables. */
const registry = "con_vector_tables";
const fewRows = 100;

export async function vectors({ db, table, act }: VectorRequest): Promise<DataReply> {
  if (act.kind === "create") return usingDatabase(db, "create", (of) => create(of, table, act));
  if (sizeOf(db) === null) throw new Refused(`${db} does not exist: use action create`);
  if (act.kind === "remove" && act.ids.length > fewRows && !act.backup.done)
    return backUp(db, act.backup, `${act.ids.length} rows are removed`);
  const isRead = act.kind === "search" || act.kind === "info";
  return usingDatabase(db, isRead ? "read" : "write", (database) =>
    on(database, { table, model: modelOf(database, table) }, act),
  );
}

type Acts = Exclude<VectorAct, { readonly kind: "create" }>;

function on(database: Database, place: Place, act: Acts): DataReply | Promise<DataReply> {
  switch (act.kind) {
    case "insert":
      return insert(database, place, act.rows);
    case "insert-from":
      return insert(database, place, selected(database, act.select));
    case "batch":
      return same(place, act.model) ?? batch(database, place, act);
    case "reset":
      return reset(database, place, act.model);
    case "search":
      return same(place, act.model) ?? search(database, place, act);
    case "remove":
      return remove(database, place, act.ids);
    case "info":
      return info(database, place);
  }
}

function create(
  database: Database,
  table: string,
  { columns, model }: Extract<VectorAct, { readonly kind: "create" }>,
): Promise<DataReply> {
  const own = ["id", textColumn];
  if (columns.some((name) => own.includes(name.toLowerCase())))
    throw new Refused(`${own.join(" and ")} are there in any case`);
  const [texts, kept] = [quoted(table), vectorsOf(table)];
  const more = columns.map((name) => `, ${quoted(name)}`).join("");
  const forget = `DELETE FROM ${kept} WHERE id = old.id`;
  return inTransaction(database, () => {
    database.exec(`
      CREATE TABLE IF NOT EXISTS ${registry}
        (name TEXT PRIMARY KEY, model TEXT NOT NULL, dimensions INTEGER NOT NULL);
      CREATE TABLE ${texts} (id INTEGER PRIMARY KEY, ${textColumn} TEXT NOT NULL${more});
      CREATE TABLE ${kept} (id INTEGER PRIMARY KEY, digest BLOB NOT NULL, vector BLOB);
      CREATE INDEX ${quoted(`${table}_digests`)} ON ${kept} (digest);
      CREATE TRIGGER ${quoted(`${table}_changed`)} AFTER UPDATE OF id, ${textColumn} ON ${texts}
        BEGIN ${forget}; END;
      CREATE TRIGGER ${quoted(`${table}_removed`)} AFTER DELETE ON ${texts} BEGIN ${forget}; END;`);
    const put = `INSERT OR REPLACE INTO ${registry} VALUES (?, ?, ?)`;
    database.prepare(put).run(table, model.model, model.dimensions);
    return done(`created ${table} (id, ${[textColumn, ...columns].join(", ")}) for ${model.model}`);
  });
}

function modelOf(database: Database, table: string): Model {
  const known = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(registry);
  const found =
    known === undefined
      ? undefined
      : database
          .prepare<[string], Model>(`SELECT model, dimensions FROM ${registry} WHERE name = ?`)
          .get(table);
  if (found === undefined)
    throw new Refused(`${table} is no table of vectors in this database: use action create`);
  return found;
}

/** Vectors of two models cannot be compared. */
const same = ({ model }: Place, wanted: Model): DataReply | null =>
  model.model === wanted.model && model.dimensions === wanted.dimensions
    ? null
    : { kind: "other-model", model: model.model };

const reset = (database: Database, { table }: Place, model: Model): Promise<DataReply> =>
  inTransaction(database, () => {
    database.prepare(`UPDATE ${vectorsOf(table)} SET vector = NULL`).run();
    database
      .prepare(`UPDATE ${registry} SET model = ?, dimensions = ? WHERE name = ?`)
      .run(model.model, model.dimensions, table);
    return done(`vectors of ${table} are to be made by ${model.model}`);
  });

const remove = (database: Database, { table }: Place, ids: readonly string[]): Promise<DataReply> =>
  inTransaction(database, () => {
    const away = database.prepare(`DELETE FROM ${quoted(table)} WHERE id = ?`);
    let count = 0;
    for (const id of ids) count += away.run(...bound([{ integer: id }])).changes;
    return done(`${count} rows removed`);
  });

function info(database: Database, { table, model }: Place): DataReply {
  const all = Number(
    database
      .prepare(`SELECT count(*) FROM ${quoted(table)}`)
      .pluck()
      .get(),
  );
  return done(
    `${table}: ${all} rows, ${left(database, table)} without a vector, made by ${model.model}`,
  );
}
