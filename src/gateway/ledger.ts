/**
 * The spend ledger: one row per model call, failures included, in SQLite (WAL, synchronous=FULL).
 *
 * A paid call has its row before it is made, with what it may cost: the row is written in the transaction
 * that reads the sums, so calls side by side cannot spend the same money, nor those of ancestors. A row has its final amounts
 * before the caller sees the end of its answer. Never: holds a key or a message. The task id is what the
 * caller claims; uid and name come from the kernel. After a crash: calls that were cut stand with what they
 * reserved. Where it cannot be written, paid calls are refused.
 */
import type Database from "better-sqlite3";
import {
  type Amount,
  dayOf,
  dayStart,
  type Holder,
  judge,
  type Limit,
  type Refusal,
  type Totals,
} from "./budget.ts";
import { type Allowance, allower } from "./ledger/allowances.ts";
import { type Basis, prepareTables } from "./ledger/schema.ts";
import { totalsReader } from "./ledger/totals.ts";

/** Who calls for what. */
export interface LedgerCall {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly uid: number;
  readonly agent: string;
  readonly task: string | null;
  readonly alias: string;
  /** Ancestors of a temporary agent, nearest first: the call counts for each of them. */
  readonly payers?: readonly PayingAncestor[];
}

export type PayingAncestor = Holder & { readonly task: string };

/** What became of it. */
export interface LedgerEnd {
  readonly model: string;
  readonly input: number;
  readonly output: number;
  readonly costUsd: number;
  /** HTTP status that the caller got. */
  readonly status: number;
  readonly latencyMs: number;
}

export interface LedgerRow extends LedgerCall, LedgerEnd {}

/** What a call may use. */
export interface Reserved {
  readonly input: number;
  readonly output: number;
  readonly costUsd: number;
}

/** Of a row whose call is under way, or was when its gateway died: no answer to anybody. */
const openStatus = 102;

export interface Ledger {
  /** A call that needed no reservation. Throws when the row cannot be made durable. */
  readonly add: (row: LedgerRow) => void;
  /** Writes the row of a call to be made, unless a limit is against it. */
  readonly reserve: (
    call: LedgerCall,
    wanted: Reserved,
    limits: readonly Limit[],
  ) => { readonly id: number } | { readonly refused: Refusal };
  /** Reserves `more` for a call whose reservation is lost to tries before; null when that is done. */
  readonly extend: (
    id: number,
    call: LedgerCall,
    more: Reserved,
    limits: readonly Limit[],
  ) => Refusal | null;
  /** Ends the row of a call. */
  readonly settle: (id: number, end: LedgerEnd, basis: Basis) => void;
  /** Sums as `limits` need them: of the day, and of task and agent for the caller and its ancestors. */
  readonly totals: (call: LedgerCall, limits: readonly Limit[]) => Totals;
  /** True for the first to ask on that day, across restarts. */
  readonly isNews: (at: number, what: string) => boolean;
  /** People allowed a task to spend more; says how many amounts are allowed now. */
  readonly allow: (allowance: Allowance) => number;
  readonly close: () => void;
}

const insert = `INSERT INTO calls (at_ms, uid, agent, task_claimed, alias, model, input_tokens,
  output_tokens, cost_usd, status, latency_ms, basis, estimate_tokens, estimate_usd)
  VALUES (@at, @uid, @agent, @task, @alias, @model, @input, @output, @costUsd, @status, @latencyMs,
  @basis, @estimateTokens, @estimateUsd)`;
const pay = `INSERT INTO payers (uid, agent, at_ms, call, task)
  VALUES (@uid, @name, @at, @call, @task)`;
const lose = "UPDATE calls SET basis = 'lost' WHERE id = ?";
const more = `UPDATE calls SET basis = 'reserved', input_tokens = input_tokens + @input,
  output_tokens = output_tokens + @output, cost_usd = cost_usd + @costUsd WHERE id = @id`;
const end = `UPDATE calls SET model = @model, input_tokens = @input, output_tokens = @output,
  cost_usd = @costUsd, status = @status, latency_ms = @latencyMs, basis = @basis WHERE id = @id`;

/** Opens or makes the ledger. Loads SQLite, so not before there is a call to write down. */
export async function openLedger(path: string): Promise<Ledger> {
  const { default: Sqlite } = await import("better-sqlite3");
  const database: Database.Database = new Sqlite(path, { timeout: 5000 });
  try {
    prepareTables(database);
    const close = (): void => void database.close();
    return { ...rowsOf(database), isNews: newsOf(database), allow: allower(database), close };
  } catch (error) {
    database.close();
    throw error;
  }
}

function rowsOf(database: Database.Database): Omit<Ledger, "isNews" | "allow" | "close"> {
  const inserting = database.prepare(insert);
  const paying = database.prepare(pay);
  const losing = database.prepare(lose);
  const extending = database.prepare(more);
  const settling = database.prepare(end);
  const totals = totalsOf(database);
  const put = (row: LedgerRow, basis: Basis, estimate: Amount | null): number => {
    const at = Math.round(row.at);
    const latencyMs = Math.round(row.latencyMs);
    const estimates = {
      estimateTokens: estimate?.tokens ?? null,
      estimateUsd: estimate?.usd ?? null,
    };
    return Number(inserting.run({ ...row, at, latencyMs, basis, ...estimates }).lastInsertRowid);
  };
  /** Takes the lock to write before it reads: the sums are still true when `act` writes. */
  const within = <T>(
    call: LedgerCall,
    wanted: Reserved,
    limits: readonly Limit[],
    act: () => T,
    before: () => void = () => undefined,
  ) =>
    database
      .transaction((): T | { readonly refused: Refusal } => {
        before();
        const refused = judge(limits, totals(call, limits), amountOf(wanted));
        return refused === null ? act() : { refused };
      })
      .immediate();
  return {
    totals,
    add: (row) => void put(row, "reported", null),
    reserve: (call, wanted, limits) =>
      within(call, wanted, limits, () => {
        const row = { ...call, ...wanted, model: "none", status: openStatus, latencyMs: 0 };
        const id = put(row, "reserved", amountOf(wanted));
        for (const payer of call.payers ?? [])
          paying.run({ ...payer, at: Math.round(call.at), call: id });
        return { id };
      }),
    extend: (id, call, wanted, limits) => {
      const act = (): null => {
        extending.run({ id, ...wanted });
        return null;
      };
      const before = () => void losing.run(id);
      return within(call, wanted, limits, act, before)?.refused ?? null;
    },
    settle: (id, done, basis) => {
      settling.run({ id, ...done, latencyMs: Math.round(done.latencyMs), basis });
    },
  };
}

const amountOf = ({ input, output, costUsd }: Reserved): Amount => ({
  tokens: input + output,
  usd: costUsd,
});

function totalsOf(database: Database.Database): Ledger["totals"] {
  const read = totalsReader(database);
  return ({ at, uid, agent, task, payers = [] }, limits) => {
    const holders = [{ uid, name: agent, task }, ...payers];
    return read({ holders, since: dayStart(at) }, limits);
  };
}

function newsOf(database: Database.Database): Ledger["isNews"] {
  const forget = database.prepare("DELETE FROM said WHERE day < ?");
  const say = database.prepare("INSERT OR IGNORE INTO said (day, what) VALUES (?, ?)");
  return (at, what) => {
    const day = dayOf(at);
    if (say.run(day, what).changes === 0) return false;
    forget.run(day);
    return true;
  };
}
