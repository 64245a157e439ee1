/** Vectors into their table, and the next texts that have none. What was kept stays kept, whatever comes after. */
import type { Database } from "better-sqlite3";
import { inTransaction, quoted, Refused } from "../open.ts";
import type { DataReply, Model, VectorAct } from "../protocol.ts";
import { digestOf, left, missing, type Place, textColumn, vectorsOf } from "./place.ts";

/** More of a text changes little about what it means, and models take no more. */
const longestText = 8000;

export function batch(
  database: Database,
  { table, model }: Place,
  { made, rows, bytes }: Extract<VectorAct, { readonly kind: "batch" }>,
): Promise<DataReply> {
  const keep = database.prepare(
    `INSERT INTO ${vectorsOf(table)} (id, digest, vector)
     SELECT id, ?, ? FROM ${quoted(table)} WHERE id = ?
     ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, vector = excluded.vector`,
  );
  const textOf = database
    .prepare<[bigint], string>(`SELECT ${textColumn} FROM ${quoted(table)} WHERE id = ?`)
    .pluck();
  return inTransaction(database, (): DataReply => {
    for (const { id, vector } of made) {
      const text = textOf.get(BigInt(id));
      if (text !== undefined) keep.run(digestOf(text), numbers(vector, model), BigInt(id));
    }
    return {
      kind: "batch",
      texts: texts(database, table, { rows, bytes }),
      left: left(database, table),
    };
  });
}

function texts(
  database: Database,
  table: string,
  { rows, bytes }: { readonly rows: number; readonly bytes: number },
): { readonly id: string; readonly text: string }[] {
  const found: { id: string; text: string }[] = [];
  let room = bytes;
  const next = database
    .prepare<[number], { id: bigint; text: string }>(
      `SELECT t.id, substr(t.${textColumn}, 1, ${longestText}) AS text ${missing(table)} ORDER BY t.id LIMIT ?`,
    )
    .safeIntegers(true);
  for (const { id, text } of next.iterate(rows)) {
    const whole = String(text).toWellFormed();
    room -= Buffer.byteLength(whole);
    if (room < 0 && found.length > 0) break;
    found.push({ id: String(id), text: whole });
  }
  return found;
}

export function numbers(vector: string, { dimensions }: Model): Buffer {
  const bytes = Buffer.from(vector, "base64");
  if (bytes.length !== dimensions * 4) throw new Refused(`a vector has not ${dimensions} numbers`);
  return bytes;
}
