/**
 * What the journal hears of budgets: each once a day and limit, across restarts, so that a caller that keeps
 * asking writes no line.
 */
import type { Log } from "../system/log.ts";
import { dayOf, type Limit, type Refusal, shownUsd, spentUnder, toWarn } from "./budget.ts";
import type { Ledger, LedgerCall } from "./ledger.ts";
import { holderOf } from "./refusal.ts";

/** A daily limit is reached. A task's limit is for its runner to tell. */
export function tellOver(
  log: Log,
  ledger: Ledger,
  call: LedgerCall,
  { limit, until }: Refusal,
  why: string,
): void {
  if (limit.scope === "task" || until === "wait" || until === "ask") return;
  if (!ledger.isNews(call.at, `over ${keyOf(limit, call)}`)) return;
  const { scope, unit } = limit;
  const whose = scope === "system" ? "the system" : holderOf(limit, call).name;
  log.warn("over budget", { agent: call.agent, whose, scope, unit, why });
}

/** The share of a daily limit is spent after which people want to know: true as long as it is so. `at` is now. */
export function warnOfShare(
  log: Log,
  ledger: Ledger,
  call: LedgerCall,
  limits: readonly Limit[],
  at: number,
): boolean {
  if (limits.length === 0) return false;
  const totals = ledger.totals({ ...call, at }, limits);
  const reached = toWarn(limits, totals);
  for (const limit of reached) {
    if (!ledger.isNews(at, `warn ${keyOf(limit, call)}`)) continue;
    const { scope, unit, most } = limit;
    const who = scope === "agent" ? holderOf(limit, call).name : "the system";
    const spent = spentUnder(limit, totals).settled[unit];
    const pct = Math.floor((100 * spent) / most);
    const shown = unit === "usd" ? shownUsd(spent) : spent;
    const fields = { scope, unit, spent: shown, limit: most, pct, day: dayOf(at) };
    log.warn(`${who} has spent most of today's budget`, fields);
  }
  return reached.length > 0;
}

/** A uid may be another's later on the same day, so the name stands beside it. */
function keyOf(limit: Limit, call: LedgerCall): string {
  const { scope, unit } = limit;
  if (scope !== "agent") return `${scope} ${unit}`;
  const { uid, name } = holderOf(limit, call);
  return `agent ${uid} ${name} ${unit}`;
}
