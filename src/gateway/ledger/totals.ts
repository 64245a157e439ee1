/**
 * What is spent and reserved, summed in the ledger: for a caller and each of its ancestors its own rows and
 * those of the calls it pays for. Read inside the transaction that acts on it.
 */
import type Database from "better-sqlite3";
import type { Holder, HolderTotals, Limit, Scope, Spent, Totals } from "../budget.ts";
import { nothing } from "../budget.ts";
import { slicesReader } from "./allowances.ts";

export interface Whose {
  /** The caller and its ancestors, nearest first: all but the last are temporary agents. */
  readonly holders: readonly Holder[];
  /** Begin of the day, epoch milliseconds. A row of the future, after the clock went back, counts. */
  readonly since: number;
}

const sum = (amount: string, when: string): string => `total(iif(${when}, ${amount}, 0))`;
const tokens = "input_tokens + output_tokens";
const isOpen = "basis = 'reserved'";

const sums = `SELECT ${sum(tokens, `NOT ${isOpen}`)} AS tokens,
  ${sum("cost_usd", `NOT ${isOpen}`)} AS usd,
  ${sum(tokens, isOpen)} AS open_tokens,
  ${sum("cost_usd", isOpen)} AS open_usd`;
const below = `${sums} FROM payers CROSS JOIN calls ON calls.id = payers.call
  WHERE payers.uid = @uid AND payers.agent = @name`;

const queries = {
  system: `${sums} FROM calls WHERE at_ms >= @since`,
  agent: `${sums} FROM calls WHERE uid = @uid AND agent = @name AND at_ms >= @since`,
  agentBelow: `${below} AND payers.at_ms >= @since`,
  task: `${sums} FROM calls WHERE uid = @uid AND task_claimed IS @task AND agent = @name`,
  taskBelow: `${below} AND payers.task = @task`,
  life: `${sums} FROM calls WHERE uid = @uid AND agent = @name`,
  lifeBelow: below,
} as const;

type Row = Readonly<Record<"tokens" | "usd" | "open_tokens" | "open_usd", number>>;
type Asked = Holder & Pick<Whose, "since">;
type Sum = (asked: Asked) => Spent;

const none: Spent = { settled: nothing, open: nothing };

/** Sums only where one of the limits needs them; the others are nothing. */
export function totalsReader(
  database: Database.Database,
): (whose: Whose, limits: readonly Limit[]) => Totals {
  const prepared = (sql: string): Sum => {
    const statement = database.prepare<[Asked], Row>(sql);
    return (asked) => spentIn(statement.get(asked));
  };
  const system = database.prepare<[Pick<Whose, "since">], Row>(queries.system);
  const [agent, agentBelow] = [prepared(queries.agent), prepared(queries.agentBelow)];
  const [task, taskBelow] = [prepared(queries.task), prepared(queries.taskBelow)];
  const [life, lifeBelow] = [prepared(queries.life), prepared(queries.lifeBelow)];
  /** A temporary agent lives for one task: whatever it names, all that it spends is for that one. */
  const inTask = (asked: Asked, isTemporary: boolean): Spent =>
    isTemporary ? both(life(asked), lifeBelow(asked)) : both(task(asked), taskBelow(asked));
  const slices = slicesReader(database);
  return ({ holders, since }, limits) => {
    const wanted = (scope: Scope, generation = 0): boolean =>
      limits.some((limit) => limit.scope === scope && limit.generation === generation);
    const ofHolder = (holder: Holder, generation: number): HolderTotals => {
      const asked = { ...holder, since };
      const asks = limits.some((limit) => limit.ask && limit.generation === generation);
      return {
        task: wanted("task", generation) ? inTask(asked, generation < holders.length - 1) : none,
        agent: wanted("agent", generation) ? both(agent(asked), agentBelow(asked)) : none,
        slices: asks ? slices(holder) : { usd: 0, tokens: 0 },
      };
    };
    return {
      system: wanted("system") ? spentIn(system.get({ since })) : none,
      holders: holders.map(ofHolder),
    };
  };
}

function spentIn(row: Row | undefined): Spent {
  if (row === undefined) return none;
  return {
    settled: { tokens: row.tokens, usd: row.usd },
    open: { tokens: row.open_tokens, usd: row.open_usd },
  };
}

const both = (own: Spent, below: Spent): Spent => ({
  settled: plus(own.settled, below.settled),
  open: plus(own.open, below.open),
});

const plus = (a: Spent["open"], b: Spent["open"]): Spent["open"] => ({
  tokens: a.tokens + b.tokens,
  usd: a.usd + b.usd,
});
