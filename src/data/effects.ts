/**
 * What a statement would do, read from the bytecode that SQLite made of it (EXPLAIN): nothing is run.
 *
 * Source: SQLite's opcode list; `Transaction` P1 is the database, P2 is not 0 for one that writes.
 */
import type { Database } from "better-sqlite3";
import type { Bound } from "./params.ts";

interface Opcode {
  readonly opcode: string;
  readonly p1: number;
  readonly p2: number;
}

/** 0 is the main database, 1 holds what is temporary. */
const firstAttached = 2;

/** Whether it writes to a database beside the main one. */
export function writesAttached(database: Database, sql: string, params: Bound): boolean {
  const program = database.prepare(`EXPLAIN ${sql}`).all(...params) as Opcode[];
  return program.some(
    ({ opcode, p1, p2 }) => opcode === "Transaction" && p1 >= firstAttached && p2 !== 0,
  );
}
