/** Rows of a file on their way into a table. Types, and names of columns. */
import type { Value } from "./params.ts";
import { distinct } from "./show.ts";

export interface Row {
  /** Line of a text file, else the number of the row; from 1. */
  readonly line: number;
  readonly values: readonly Value[];
}

export interface BadRow {
  readonly line: number;
  readonly why: string;
}

export interface Source {
  readonly columns: readonly string[];
  /** All values are texts that may mean something else: CSV. */
  readonly untyped: boolean;
  /** What is not as in the file. */
  readonly notes: readonly string[];
  /** Reads the file from its start; memory does not grow with it. Throws for one that is no such file. */
  readonly rows: (bad: (row: BadRow) => void) => AsyncIterable<Row>;
}

/** As SQLite tells names apart; empty ones get a number. */
export const columnNames = (names: readonly string[]): string[] =>
  distinct(names.map((name, at) => name.trim() || `column_${at + 1}`));

/** More than SQLite's columns in one table. */
export const mostColumns = 2000;
