/**
 * `upstream_success {min_pct, window_min, min_calls}` and `budget_left {usd_per_day, min_pct}`: what the ledger
 * says about the calls of the last minutes and about the money of today (UTC).
 *
 * An answer of builtin/reflex counts for nothing, except where the ladder of its alias begins with a
 * provider: then it stood in for one that failed. What the caller did wrong, or went away from, counts neither
 * way, and neither do calls under way, though what is reserved for them counts as spent.
 */
import { readGateway } from "../../../config/compiled.ts";
import { ConError } from "../../../system/errors.ts";
import type { BuiltinCheck, Verdict } from "../../types.ts";
import { count, type LedgerReader, ledgerState, noLedger, withLedger } from "./ledger-file.ts";
import type { Places } from "./places.ts";
import { judge, numberIn, pass, shown, skipped, unable } from "./verdicts.ts";

const reflex = "builtin/reflex";
/** Under way, malformed, not allowed, too large, caller gone: nothing that an upstream did. */
const ofTheCaller: readonly number[] = [102, 400, 403, 413, 422, 499];
/** Rows are looked at from the end; more than these are not needed to tell a share. */
const mostRows = 20_000;

const windowSql = `SELECT alias, model, status, count(*) AS calls FROM calls
  WHERE id > (SELECT coalesce(max(id), 0) FROM calls) - ${mostRows} AND at_ms >= ?
  GROUP BY alias, model, status`;

interface Group {
  readonly model: string;
  readonly status: number;
  readonly calls: number;
  readonly failed: boolean;
}

export const upstreamSuccess =
  (places: Places): BuiltinCheck =>
  async (args, { now }) => {
    const minPct = numberIn(args, "min_pct");
    const windowMin = numberIn(args, "window_min", 15);
    const minCalls = Math.max(1, numberIn(args, "min_calls", 3));
    const since = now() - windowMin * 60_000;
    const state = ledgerState(places);
    if (state === null) return noLedger;
    if (state.changedMs < since) return tooFew(0);
    return withLedger(places, damaged, (read) => {
      const first = firstRungs(places);
      const groups = read(windowSql, since).flatMap((row) => groupOf(row, first) ?? []);
      return shareOf(groups, { minPct, minCalls, windowMin });
    });
  };

const tooFew = (total: number): Verdict => pass(`too few calls to tell: ${total}`);

function shareOf(
  groups: readonly Group[],
  wanted: { readonly minPct: number; readonly minCalls: number; readonly windowMin: number },
): Verdict {
  const { minPct, minCalls, windowMin } = wanted;
  const total = groups.reduce((sum, { calls }) => sum + calls, 0);
  if (total < minCalls) return tooFew(total);
  const bad = groups.filter(({ failed }) => failed).sort((a, b) => b.calls - a.calls);
  const failed = bad.reduce((sum, { calls }) => sum + calls, 0);
  const pct = Math.round((1000 * (total - failed)) / total) / 10;
  const seen = `${pct} % of ${total} model calls of the last ${windowMin} min succeeded`;
  const [worst] = bad;
  if (pct >= minPct || worst === undefined) return pass(seen);
  const model = shown(worst.model);
  const found = `${seen}, at least ${minPct} % wanted; most failed: ${model} with ${worst.status}`;
  const remedy = "con model test; journalctl -u con-gateway.service";
  return judge([{ found, key: `upstream:${model}:${worst.status}`, remedy }], "");
}

/** Null for what counts neither way. */
function groupOf(
  row: Readonly<Record<string, unknown>>,
  first: ReadonlyMap<string, string>,
): Group | null {
  const alias = String(row["alias"]);
  const model = String(row["model"]);
  const status = count(row["status"]);
  const calls = count(row["calls"]);
  if (model !== reflex)
    return ofTheCaller.includes(status) ? null : { model, status, calls, failed: status >= 400 };
  const wanted = first.get(alias) ?? reflex;
  if (wanted === reflex) return null;
  return { model: `${wanted} (${reflex} stood in)`, status, calls, failed: true };
}

/** The first rung of each alias; empty where nothing is compiled. */
function firstRungs({ compiled }: Places): ReadonlyMap<string, string> {
  try {
    const { models } = readGateway(compiled);
    return new Map(Object.entries(models).map(([alias, { use }]) => [alias, use[0] ?? reflex]));
  } catch (error) {
    if (!(error instanceof ConError)) throw error;
    return new Map();
  }
}

const damaged = () => unable("the ledger cannot be read; see ledger_intact");

/** Remembered as long as nobody writes to the ledger. */
interface Spent {
  readonly print: string;
  readonly day: string;
  readonly usd: number;
}

export const budgetLeft =
  (places: Places): BuiltinCheck =>
  async (args, { now, memory, remember }) => {
    if (args["usd_per_day"] === null || args["usd_per_day"] === undefined)
      return skipped("no limit is set: budget.usd_per_day, health.max_usd_per_day");
    const limit = numberIn(args, "usd_per_day");
    const minPct = numberIn(args, "min_pct", 10);
    const state = ledgerState(places);
    if (state === null) return noLedger;
    const at = now();
    const before = memory as Spent | null;
    const day = new Date(at).toISOString().slice(0, 10);
    if (before?.print === state.print && before.day === day) return left(before.usd, limit, minPct);
    return withLedger(places, damaged, (read) => {
      const usd = spentOn(read, day);
      remember({ print: state.print, day, usd } satisfies Spent);
      return left(usd, limit, minPct);
    });
  };

function left(usd: number, limit: number, minPct: number): Verdict {
  const free = limit === 0 ? Number(usd === 0) : (limit - usd) / limit;
  const pct = Math.max(0, Math.round(100 * free));
  const seen = `${usd.toFixed(2)} of ${limit.toFixed(2)} US dollars spent today (UTC)`;
  if (pct >= minPct) return pass(seen);
  const found = `${seen}: ${pct} % left, at least ${minPct} % wanted`;
  const remedy =
    "con status shows who works; con halt agents stops them; or raise budget.usd_per_day " +
    "(health.max_usd_per_day, where only an alarm is set) in /etc/con/con.yaml, then con bootstrap";
  return judge([{ found, key: "budget", remedy }], "");
}

/** From the begin of the day: rows of calls under way still change. */
function spentOn(read: LedgerReader, day: string): number {
  const sql = "SELECT total(cost_usd) AS usd FROM calls WHERE at_ms >= ?";
  return count(read(sql, Date.parse(`${day}T00:00:00Z`))[0]?.["usd"]);
}
