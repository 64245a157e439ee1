/** The rows that are nearest to a vector, by their cosine: all are compared. Never: shows a vector. */
import type { Database } from "better-sqlite3";
import { load } from "sqlite-vec";
import { quoted } from "../open.ts";
import type { Value } from "../params.ts";
import type { DataReply, VectorAct } from "../protocol.ts";
import { jsonLine } from "../show.ts";
import { numbers } from "./batch.ts";
import { done, left, type Place, vectorsOf } from "./place.ts";

export function search(
  database: Database,
  { table, model }: Place,
  { vector, limit, chars }: Extract<VectorAct, { readonly kind: "search" }>,
): DataReply {
  load(database);
  const rows = database
    .prepare<[Buffer, number], Record<string, Value>>(
      `SELECT 1 - vec_distance_cosine(v.vector, ?) AS score, t.* FROM ${vectorsOf(table)} v
       JOIN ${quoted(table)} t ON t.id = v.id WHERE v.vector IS NOT NULL ORDER BY score DESC LIMIT ?`,
    )
    .safeIntegers(true)
    .all(numbers(vector, model), limit);
  const lines: string[] = [];
  let room = chars;
  for (const row of rows) {
    const shown = Object.entries(row).map(
      ([name, value]) => [name, shortened(name, value)] as const,
    );
    const line = jsonLine(
      shown.map(([name]) => name),
      shown.map(([, value]) => value),
    );
    room -= line.length + 1;
    if (room < 0) break;
    lines.push(line);
  }
  const pending = left(database, table);
  return done(
    [
      ...lines,
      `[${lines.length} rows, the nearest first]`,
      ...(pending === 0 ? [] : [`[${pending} rows have no vector yet: action embed makes them]`]),
    ].join("\n"),
  );
}

const longestShown = 600;

function shortened(name: string, value: Value): Value {
  if (name === "score") return Math.round(Number(value ?? 0) * 1000) / 1000;
  if (typeof value !== "string" || value.length <= longestShown) return value;
  return `${value.slice(0, longestShown).toWellFormed()}…`;
}
