/** What is spent and reserved, summed in the ledger. Read inside the transaction that acts on it. */
import type Database from "better-sqlite3";
import { nothing, type Scope, type Spent, type Totals } from "../budget.ts";

/** Whose sums: a caller's uid, which the kernel named, and the task it says it works on. */
export interface Whose {
  readonly uid: number;
  /** All calls without one are one task. */
  readonly task: string | null;
  /** Begin of the day, epoch milliseconds. A row of the future, after the clock went back, counts. */
  readonly since: number;
}

const sum = (amount: string, when: string): string => `total(iif(${when}, ${amount}, 0))`;
const tokens = "input_tokens + output_tokens";
const isOpen = "basis = 'reserved'";

const sums = (prefix: string, when: string): string => `
  ${sum(tokens, `${when} AND NOT ${isOpen}`)} AS ${prefix}_tokens,
  ${sum("cost_usd", `${when} AND NOT ${isOpen}`)} AS ${prefix}_usd,
  ${sum(tokens, `${when} AND ${isOpen}`)} AS ${prefix}_open_tokens,
  ${sum("cost_usd", `${when} AND ${isOpen}`)} AS ${prefix}_open_usd`;

const ofDay = `SELECT ${sums("agent", "uid = @uid")}, ${sums("system", "true")}
  FROM calls WHERE at_ms >= @since`;
const ofTask = `SELECT ${sums("task", "true")} FROM calls WHERE uid = @uid AND task_claimed IS @task`;

type Row = Readonly<Record<string, number>>;
const none: Spent = { settled: nothing, open: nothing };

/** Sums only where one of `scopes` needs them; the others are nothing. */
export function totalsReader(
  database: Database.Database,
): (whose: Whose, scopes: ReadonlySet<Scope>) => Totals {
  const day = database.prepare<[Whose], Row>(ofDay);
  const task = database.prepare<[Whose], Row>(ofTask);
  return (whose, scopes) => {
    const today = scopes.has("agent") || scopes.has("system") ? day.get(whose) : undefined;
    const ofTask = scopes.has("task") ? task.get(whose) : undefined;
    return {
      task: spentIn(ofTask, "task"),
      agent: spentIn(today, "agent"),
      system: spentIn(today, "system"),
    };
  };
}

function spentIn(row: Row | undefined, scope: Scope): Spent {
  if (row === undefined) return none;
  const at = (name: string): number => row[`${scope}_${name}`] ?? 0;
  return {
    settled: { tokens: at("tokens"), usd: at("usd") },
    open: { tokens: at("open_tokens"), usd: at("open_usd") },
  };
}
