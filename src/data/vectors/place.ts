/** A table of vectors in a database, and what its parts are called. */
import { createHash } from "node:crypto";
import type { Database } from "better-sqlite3";
import { quoted } from "../open.ts";
import type { DataReply, Model } from "../protocol.ts";

export interface Place {
  readonly table: string;
  readonly model: Model;
}

export const textColumn = "text_to_embed";

export const vectorsOf = (table: string): string => quoted(`${table}_vectors`);

export const done = (text: string): DataReply => ({ kind: "done", text });

export const digestOf = (text: string): Buffer =>
  createHash("sha256").update(text).digest().subarray(0, 16);

/** Rows that have no vector. */
export const missing = (table: string): string =>
  `FROM ${quoted(table)} t LEFT JOIN ${vectorsOf(table)} v ON v.id = t.id WHERE v.vector IS NULL`;

export const left = (database: Database, table: string): number =>
  Number(
    database
      .prepare(`SELECT count(*) ${missing(table)}`)
      .pluck()
      .get(),
  );
