/**
 * The spend ledger: one row per model call, failures included, in SQLite (WAL, synchronous=FULL).
 *
 * A row is durable before the caller sees the end of its answer. Never: holds a key or a message. The
 * task id is what the caller claims; uid and name come from the kernel. After a crash: the rows of
 * finished calls; a call that was cut has none. Where it cannot be written, paid calls are refused.
 */
import type Database from "better-sqlite3";

export interface LedgerRow {
  /** Epoch milliseconds of the request. */
  readonly at: number;
  readonly uid: number;
  readonly agent: string;
  readonly task: string | null;
  readonly alias: string;
  readonly model: string;
  readonly input: number;
  readonly output: number;
  readonly costUsd: number;
  /** HTTP status that the caller got. */
  readonly status: number;
  readonly latencyMs: number;
}

export interface Ledger {
  /** Throws when the row cannot be made durable. */
  readonly add: (row: LedgerRow) => void;
  readonly close: () => void;
}

const schema = `CREATE TABLE IF NOT EXISTS calls (
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
CREATE INDEX IF NOT EXISTS calls_by_agent ON calls (agent, at_ms);`;

const insert = `INSERT INTO calls (at_ms, uid, agent, task_claimed, alias, model, input_tokens,
  output_tokens, cost_usd, status, latency_ms) VALUES (@at, @uid, @agent, @task, @alias, @model,
  @input, @output, @costUsd, @status, @latencyMs)`;

/** Opens or makes the ledger. Loads SQLite, so not before there is a call to write down. */
export async function openLedger(path: string): Promise<Ledger> {
  const { default: Sqlite } = await import("better-sqlite3");
  const database: Database.Database = new Sqlite(path, { timeout: 5000 });
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.exec(schema);
  const statement = database.prepare(insert);
  return {
    add: (row) => {
      statement.run({ ...row, at: Math.round(row.at), latencyMs: Math.round(row.latencyMs) });
    },
    close: () => database.close(),
  };
}
