/**
 * The tables of the ledger, and the way from those of earlier versions: tables and columns are only added.
 *
 * `calls` has one row for each call. `payers` says for which ancestors the call of a temporary agent counts
 * as well, and `allowances` what people allowed; no amount of money stands anywhere but in `calls`.
 * A row's amounts are the reservation while its call is under way, and what it cost afterwards, so that
 * the sum over all rows is at any moment what must be taken as spent. After a crash in the middle: SQLite
 * undoes it, and the next start does it again.
 */
import type Database from "better-sqlite3";

/**
 * How a row's amounts are known. `reserved`: the call is under way; `reported`: by the provider; `counted`:
 * by us, from what was sent and what came; `lost`: the gateway died meanwhile, and the reservation stands.
 */
export type Basis = "reserved" | "reported" | "counted" | "lost";

const tables = `CREATE TABLE IF NOT EXISTS calls (
  id INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  agent TEXT NOT NULL,
  task_claimed TEXT,
  alias TEXT NOT NULL,
  model TEXT NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  status INTEGER NOT NULL,
  latency_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS said (
  day TEXT NOT NULL,
  what TEXT NOT NULL,
  PRIMARY KEY (day, what)
) STRICT;
CREATE TABLE IF NOT EXISTS payers (
  uid INTEGER NOT NULL,
  agent TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  call INTEGER NOT NULL,
  task TEXT NOT NULL,
  PRIMARY KEY (uid, agent, at_ms, call)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS allowances (
  uid INTEGER NOT NULL,
  agent TEXT NOT NULL,
  task TEXT NOT NULL,
  unit TEXT NOT NULL,
  slices INTEGER NOT NULL,
  PRIMARY KEY (uid, agent, task, unit)
) STRICT, WITHOUT ROWID;`;

const added: Readonly<Record<string, string>> = {
  basis: "TEXT NOT NULL DEFAULT 'reported'",
  /** What was reserved at first; null where nothing was. */
  estimate_tokens: "INTEGER",
  estimate_usd: "REAL",
};

const indexes = `DROP INDEX IF EXISTS calls_by_agent;
CREATE INDEX IF NOT EXISTS calls_by_day
  ON calls (at_ms, uid, basis, input_tokens, output_tokens, cost_usd);
CREATE INDEX IF NOT EXISTS calls_by_spender
  ON calls (uid, agent, at_ms, basis, input_tokens, output_tokens, cost_usd);
CREATE INDEX IF NOT EXISTS calls_by_task ON calls (uid, task_claimed);
CREATE INDEX IF NOT EXISTS payers_by_task ON payers (uid, agent, task);
CREATE INDEX IF NOT EXISTS calls_open ON calls (id) WHERE basis = 'reserved';`;

/** Brings the file to this version, and settles what a gateway that died had reserved. */
export function prepareTables(database: Database.Database): void {
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  const prepare = database.transaction(() => {
    database.exec(tables);
    const columns = database.pragma("table_info(calls)") as { readonly name: string }[];
    const known = new Set(columns.map(({ name }) => name));
    for (const [name, type] of Object.entries(added))
      if (!known.has(name)) database.exec(`ALTER TABLE calls ADD COLUMN ${name} ${type}`);
    database.exec(indexes);
    database.exec("UPDATE calls SET basis = 'lost' WHERE basis = 'reserved'");
  });
  prepare.immediate();
}
