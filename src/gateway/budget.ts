/**
 * Whether a call may be paid for: limits of a configuration, what is spent, what the call may cost. Pure.
 *
 * Amounts of calls under way count as if they were spent. A refusal says what will change it: nothing but
 * a person, the next day (UTC), people who agree, or the end of a call under way. The call of a temporary
 * agent is held against the limits of its ancestors too, each with all that was spent below it.
 */
import type { Budget } from "../config/types.ts";

export type Scope = "task" | "agent" | "system";
export type Unit = "usd" | "tokens";

export interface Amount {
  readonly tokens: number;
  readonly usd: number;
}

/** Of a task: since it began. Of an agent or the system: of today. */
export interface Spent {
  readonly settled: Amount;
  /** Reserved by calls under way. */
  readonly open: Amount;
}

/** Whose money: a caller, or an ancestor of one. A uid may be another's later, a name is not. */
export interface Holder {
  readonly uid: number;
  readonly name: string;
  /** All calls without one are one task. */
  readonly task: string | null;
}

/** With all that was spent by temporary agents below it. */
export interface HolderTotals {
  readonly task: Spent;
  readonly agent: Spent;
  /** How often people agreed to go on spending in this task. */
  readonly slices: Readonly<Record<Unit, number>>;
}

export interface Totals {
  readonly system: Spent;
  /** The caller and its ancestors, nearest first. */
  readonly holders: readonly HolderTotals[];
}

export interface Limit {
  readonly scope: Scope;
  readonly unit: Unit;
  /** Where people are asked: after so much, and again after each further amount of this size. */
  readonly most: number;
  readonly ask: boolean;
  /** 0 = of the caller itself, 1 = of the agent that spawned it, and so on. */
  readonly generation: number;
  readonly over: Budget["over"];
  readonly warnPct: number;
}

export interface Refusal {
  readonly limit: Limit;
  readonly spent: number;
  readonly wanted: number;
  /** `never`: this call does not fit, whatever day it is, or the limit is one that no day resets. */
  readonly until: "never" | "reset" | "wait" | "ask";
  /** How often people agreed, and how often they must have for this call. */
  readonly slices: { readonly allowed: number; readonly needed: number };
}

export const nothing: Amount = { tokens: 0, usd: 0 };

const dayMs = 86_400_000;

export const dayStart = (nowMs: number): number => Math.floor(nowMs / dayMs) * dayMs;
export const nextReset = (nowMs: number): number => dayStart(nowMs) + dayMs;
/** Name of a day, e.g. `2027-01-31`. */
export const dayOf = (nowMs: number): string => new Date(nowMs).toISOString().slice(0, 10);

/** All limits that hold for a call of an agent, narrowest first. `payers`: budgets of its ancestors. */
export function limitsOf(
  agent: Budget,
  system: Budget,
  payers: readonly Budget[] = [],
): readonly Limit[] {
  const own = [agent, ...payers].flatMap((budget, generation) => [
    ...limits({ scope: "task", generation }, budget, budget.usdPerTask, budget.tokensPerTask),
    ...limits(
      { scope: "task", generation, ask: true },
      budget,
      budget.askUsdPerTask,
      budget.askTokensPerTask,
    ),
    ...limits({ scope: "agent", generation }, budget, budget.usdPerDay, budget.tokensPerDay),
  ]);
  const all = limits({ scope: "system", generation: 0 }, system, ...daily(system));
  return [...own, ...all];
}

const daily = ({ usdPerDay, tokensPerDay }: Budget) => [usdPerDay, tokensPerDay] as const;

type Kind = Pick<Limit, "scope" | "generation"> & { readonly ask?: boolean };

/** A configuration of an earlier version lacks the newer limits. */
function limits(
  { scope, generation, ask = false }: Kind,
  { over, warnPct }: Budget,
  usd: number | null | undefined,
  tokens: number | null | undefined,
): Limit[] {
  const of = (unit: Unit, most: number | null | undefined): Limit[] =>
    most === null || most === undefined
      ? []
      : [{ scope, unit, most, ask, generation, over, warnPct }];
  return [...of("usd", usd), ...of("tokens", tokens)];
}

/** Sums of prices are floating-point numbers; a millionth of a cent is not overspending. */
const slack: Readonly<Record<Unit, number>> = { usd: 1e-8, tokens: 0 };

/** So often people may agree in one task. A call that needs more is one that fits nowhere. */
export const maxSlices = 1_000_000;

/** Null when `wanted` fits every limit; else the refusal that stands longest. */
export function judge(limits: readonly Limit[], totals: Totals, wanted: Amount): Refusal | null {
  const refusals = limits.flatMap((limit) => refusalOf(limit, totals, wanted) ?? []);
  return refusals.sort((a, b) => weight(a) - weight(b))[0] ?? null;
}

function refusalOf(limit: Limit, totals: Totals, amount: Amount): Refusal | null {
  const { unit, scope, ask } = limit;
  const { settled, open } = spentUnder(limit, totals);
  const allowed = ask ? holderOf(limit, totals).slices[unit] : 0;
  const most = limit.most * (1 + allowed) + slack[unit];
  const spent = settled[unit];
  const wanted = amount[unit];
  if (spent + open[unit] + wanted <= most) return null;
  const total = spent + wanted - slack[unit];
  const needed = ask ? Math.max(allowed + 1, Math.ceil(total / limit.most) - 1) : 0;
  const base = { limit, spent, wanted, slices: { allowed, needed } };
  if (ask ? needed > maxSlices : wanted > most) return { ...base, until: "never" };
  if (spent + wanted <= most) return { ...base, until: "wait" };
  if (ask) return { ...base, until: "ask" };
  return { ...base, until: scope === "task" ? "never" : "reset" };
}

function holderOf({ generation }: Limit, { holders }: Totals): HolderTotals {
  const found = holders[generation];
  if (found === undefined) throw new Error(`no sums of generation ${generation}`);
  return found;
}

export const spentUnder = (limit: Limit, totals: Totals): Spent =>
  limit.scope === "system" ? totals.system : holderOf(limit, totals)[limit.scope];

const weight = ({ until, limit }: Refusal): number =>
  until === "reset" ? (limit.over === "fail" ? 1 : 2) : { never: 0, ask: 3, wait: 4 }[until];

/** Daily limits of which so much is settled that it is time to warn. */
export const toWarn = (limits: readonly Limit[], totals: Totals): readonly Limit[] =>
  limits.filter(
    (limit) =>
      limit.scope !== "task" &&
      spentUnder(limit, totals).settled[limit.unit] * 100 >= limit.most * limit.warnPct,
  );

export const shownAmount = (unit: Unit, amount: number): string =>
  unit === "tokens" ? `${Math.round(amount)} tokens` : `${shownUsd(amount)} USD`;

/** Cents, and more digits only where cents would show nothing. */
export const shownUsd = (usd: number): string =>
  usd !== 0 && usd < 0.1 ? String(Number(usd.toPrecision(2))) : usd.toFixed(2);
