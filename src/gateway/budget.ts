/**
 * Whether a call may be paid for: limits of a configuration, what is spent, what the call may cost. Pure.
 *
 * Amounts of calls under way count as if they were spent. A refusal says what will change it: nothing but
 * a person, the next day (UTC), or the end of a call under way.
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

export type Totals = Readonly<Record<Scope, Spent>>;

export interface Limit {
  readonly scope: Scope;
  readonly unit: Unit;
  readonly most: number;
  readonly over: Budget["over"];
  readonly warnPct: number;
}

export interface Refusal {
  readonly limit: Limit;
  readonly spent: number;
  readonly wanted: number;
  /** `never`: this call does not fit, whatever day it is, or the limit is one that no day resets. */
  readonly until: "never" | "reset" | "wait";
}

export const nothing: Amount = { tokens: 0, usd: 0 };

const dayMs = 86_400_000;

export const dayStart = (nowMs: number): number => Math.floor(nowMs / dayMs) * dayMs;
export const nextReset = (nowMs: number): number => dayStart(nowMs) + dayMs;
/** Name of a day, e.g. `2027-01-31`. */
export const dayOf = (nowMs: number): string => new Date(nowMs).toISOString().slice(0, 10);

/** All limits that hold for a call of an agent, narrowest first. */
export function limitsOf(agent: Budget, system: Budget): readonly Limit[] {
  return [
    ...limits("task", agent, agent.usdPerTask, agent.tokensPerTask),
    ...limits("agent", agent, agent.usdPerDay, agent.tokensPerDay),
    ...limits("system", system, system.usdPerDay, system.tokensPerDay),
  ];
}

function limits(scope: Scope, budget: Budget, usd: number | null, tokens: number | null): Limit[] {
  const { over, warnPct } = budget;
  const of = (unit: Unit, most: number | null): Limit[] =>
    most === null ? [] : [{ scope, unit, most, over, warnPct }];
  return [...of("usd", usd), ...of("tokens", tokens)];
}

/** Sums of prices are floating-point numbers; a millionth of a cent is not overspending. */
const slack: Readonly<Record<Unit, number>> = { usd: 1e-8, tokens: 0 };

/** Null when `wanted` fits every limit; else the refusal that stands longest. */
export function judge(limits: readonly Limit[], totals: Totals, wanted: Amount): Refusal | null {
  const refusals = limits.flatMap((limit) => refusalOf(limit, totals[limit.scope], wanted) ?? []);
  return refusals.sort((a, b) => weight(a) - weight(b))[0] ?? null;
}

function refusalOf(limit: Limit, { settled, open }: Spent, amount: Amount): Refusal | null {
  const { unit, scope } = limit;
  const most = limit.most + slack[unit];
  const spent = settled[unit];
  const wanted = amount[unit];
  if (spent + open[unit] + wanted <= most) return null;
  const base = { limit, spent, wanted };
  if (wanted > most) return { ...base, until: "never" };
  if (spent + wanted <= most) return { ...base, until: "wait" };
  return { ...base, until: scope === "task" ? "never" : "reset" };
}

const weight = ({ until, limit }: Refusal): number =>
  until === "never" ? 0 : until === "wait" ? 3 : limit.over === "fail" ? 1 : 2;

/** Daily limits of which so much is settled that it is time to warn. */
export const toWarn = (limits: readonly Limit[], totals: Totals): readonly Limit[] =>
  limits.filter(
    ({ scope, unit, most, warnPct }) =>
      scope !== "task" && totals[scope].settled[unit] * 100 >= most * warnPct,
  );

export const shownAmount = (unit: Unit, amount: number): string =>
  unit === "tokens" ? `${Math.round(amount)} tokens` : `${shownUsd(amount)} USD`;

/** Cents, and more digits only where cents would show nothing. */
export const shownUsd = (usd: number): string =>
  usd !== 0 && usd < 0.1 ? String(Number(usd.toPrecision(2))) : usd.toFixed(2);
