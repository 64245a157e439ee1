/**
 * The part of a search that goes by vectors. sqlite-vec compares the sketches of all memories (brute force, its
 * time grows with the number asked for); the nearest of them, and all that the words found, are compared by
 * their real vectors. Among few, all are. Only vectors of the model in use count.
 */
import type Database from "better-sqlite3";
import { vectorOf } from "../indexing.ts";
import { sketchOf } from "../sketch.ts";
import { type Among, passing } from "./filter.ts";

export interface VectorHit {
  readonly id: number;
  readonly cosine: number;
}

export interface VectorParts {
  readonly model: number;
  /** Lower cosines do not count. */
  readonly floor: number;
}

/** Best first. `also`: ids to compare besides. */
export type VectorSearch = (
  vector: Float32Array,
  also: readonly number[],
  among: Among | null,
) => VectorHit[];

const nearest = 64;
/** What a filter for many is put on. */
const nearestWide = 128;

export function vectorSearch(
  database: Database.Database,
  { model, floor }: VectorParts,
): VectorSearch {
  const near = database
    .prepare<[bigint, Uint8Array, bigint], number>(
      "SELECT rowid FROM sketches WHERE model = ? AND bits MATCH vec_bit(?) AND k = ?",
    )
    .pluck();
  const vectors = database.prepare<[number, string], { id: number; vector: Buffer }>(
    `SELECT memory AS id, vector FROM vectors
     WHERE model = ? AND memory IN (SELECT value FROM json_each(?))`,
  );
  const around = (vector: Float32Array, among: Among | null): Iterable<number> => {
    const count = BigInt(among === null ? nearest : nearestWide);
    const ids = near.all(BigInt(model), sketchOf(vector), count);
    return among === null ? ids : passing(database, ids, among);
  };
  return (vector, also, among) => {
    const ids = among?.ids ?? [...also, ...around(vector, among)];
    const hits: VectorHit[] = [];
    for (const { id, vector: bytes } of vectors.all(model, JSON.stringify(ids))) {
      const cosine = dot(vector, vectorOf(bytes));
      if (cosine >= floor) hits.push({ id, cosine });
    }
    return hits.sort((one, other) => other.cosine - one.cosine || one.id - other.id);
  };
}

/** Cosine of two vectors of length 1; 0 where one is empty. */
function dot(one: Float32Array, other: Float32Array): number {
  if (one.length !== other.length) return 0;
  let sum = 0;
  for (let at = 0; at < one.length; at += 1) sum += (one[at] ?? 0) * (other[at] ?? 0);
  return sum;
}
