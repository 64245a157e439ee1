/**
 * What was spent today (UTC), and of how much: the gateway's ledger against the budgets that it keeps. Reads
 * only. Null where the caller may not look; the ledger and the budgets are root's and the gateway's.
 */
import { readGateway } from "../../config/compiled.ts";
import type { AgentEntry, GatewayRuntime } from "../../config/runtime.ts";
import type { Budget } from "../../config/types.ts";
import {
  count,
  type LedgerReader,
  ledgerState,
  withLedger,
} from "../../contract/builtins/con/ledger-file.ts";
import { dayOf, dayStart, shownUsd } from "../../gateway/budget.ts";
import { ConError } from "../../system/errors.ts";

/** In JSON of `con status`: public interface, change only by adding. */
export interface Spend {
  /** The day in UTC, e.g. `2027-01-31`. */
  readonly day: string;
  /** With what is reserved for calls under way. */
  readonly usd: number;
  readonly tokens: number;
  /** Limits; null = none. */
  readonly usd_per_day: number | null;
  readonly tokens_per_day: number | null;
  /** Of an agent whose temporary agents spent something: together with them. The limits hold for this. */
  readonly with_children: Amount | null;
}

interface Amount {
  readonly usd: number;
  readonly tokens: number;
}

export interface Spending {
  readonly system: Spend | null;
  readonly agent: (agent: AgentEntry) => Spend | null;
  /** For the next `readSpending`; null = nothing was read. */
  readonly kept: Kept | null;
}

/** What was read of a ledger in that state, and for that day. */
interface Kept {
  readonly print: string;
  readonly spent: Spent;
}

const unknown: Spending = { system: null, agent: () => null, kept: null };

const nothing: Amount = { usd: 0, tokens: 0 };

/**
 * `compiled` is the directory of the compiled configuration, if not the installed one. The ledger is not read
 * again where nobody has written to it since `before`.
 */
export async function readSpending(
  now: number,
  compiled?: string,
  before: Kept | null = null,
): Promise<Spending> {
  const gateway = readBudgets(compiled);
  if (gateway === null) return unknown;
  const kept = await spentOn(now, gateway, before);
  if (kept === null) return unknown;
  const { spent } = kept;
  const day = dayOf(now);
  const of = ({ usd, tokens }: Amount, below: Amount | null, budget: Budget): Spend => ({
    ...{ day, usd, tokens },
    usd_per_day: budget.usdPerDay,
    tokens_per_day: budget.tokensPerDay,
    with_children: below === null ? null : plus({ usd, tokens }, below),
  });
  const all = [...spent.own.values()].reduce(plus, nothing);
  return {
    kept,
    system: of(all, null, gateway.budget),
    agent: ({ uid, name }) => {
      // In con dev all agents are one user: what one of them spent is not known.
      const caller = gateway.callers.find((one) => one.uid === uid && one.name === name);
      if (caller === undefined) return null;
      const who = keyOf(uid, name);
      return of(spent.own.get(who) ?? nothing, spent.below.get(who) ?? null, caller.budget);
    },
  };
}

function readBudgets(compiled: string | undefined): GatewayRuntime | null {
  try {
    return readGateway(compiled);
  } catch (error) {
    // Whatever is wrong with it is for others to say: here it is only not known.
    if (!(error instanceof ConError)) throw error;
    return null;
  }
}

const plus = (a: Amount, b: Amount): Amount => ({
  usd: a.usd + b.usd,
  tokens: a.tokens + b.tokens,
});

/** The uid of a temporary agent is another's later; its name is not. */
const keyOf = (uid: number, name: string): string => `${uid} ${name}`;

const sums = "total(cost_usd) AS usd, total(input_tokens + output_tokens) AS tokens FROM";
const ownSql = `SELECT uid, agent, ${sums} calls WHERE at_ms >= ? GROUP BY uid, agent`;
const belowSql = `SELECT payers.uid AS uid, payers.agent AS agent, ${sums} payers
  CROSS JOIN calls ON calls.id = payers.call WHERE payers.at_ms >= ?
  GROUP BY payers.uid, payers.agent`;
/** A ledger that the gateway has not opened since an earlier version of con has no such table. */
const isThere = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'payers'";

type BySpender = ReadonlyMap<string, Amount>;

interface Spent {
  readonly own: BySpender;
  /** What temporary agents below it spent. */
  readonly below: BySpender;
}

async function spentOn(
  now: number,
  gateway: GatewayRuntime,
  before: Kept | null,
): Promise<Kept | null> {
  const state = ledgerState(gateway);
  const print = `${dayOf(now)} ${gateway.ledger} ${state?.inode} ${state?.print}`;
  if (before?.print === print) return before;
  const spent = state === null ? noSpending : await spentSince(gateway, dayStart(now));
  return spent === null ? null : { print, spent };
}

const noSpending: Spent = { own: new Map(), below: new Map() };

async function spentSince(gateway: GatewayRuntime, since: number): Promise<Spent | null> {
  const read = (ask: LedgerReader): Spent | null => ({
    own: bySpender(ask(ownSql, since)),
    below: bySpender(ask(isThere).length === 0 ? [] : ask(belowSql, since)),
  });
  const found = await withLedger<Spent | null>(gateway, () => null, read);
  return found !== null && "own" in found ? found : null;
}

const bySpender = (rows: ReturnType<LedgerReader>): BySpender =>
  new Map(
    rows.map(({ uid, agent, usd, tokens }) => [
      keyOf(count(uid), String(agent)),
      { usd: count(usd), tokens: count(tokens) },
    ]),
  );

interface Spender {
  readonly name: string;
  readonly spend: Spend | null;
}

/** Of an agent that spent nothing and has no limit there is nothing to say. */
export function spendOfAll(system: Spend | null, agents: readonly Spender[]): string {
  const lines = agents.flatMap(({ name, spend }) =>
    spend === null || (spend.tokens === 0 && spend.with_children === null && isUnlimited(spend))
      ? []
      : [`  ${name}: ${textOf(spend)}\n`],
  );
  const head = system === null ? "?" : textOf(system);
  return `\nspent today (UTC): ${head}\n${lines.join("")}`;
}

export const spendOfOne = ([agent]: readonly Spender[]): string =>
  agent === undefined || agent.spend === null
    ? ""
    : `\nspent today (UTC): ${textOf(agent.spend)}\n`;

const isUnlimited = ({ usd_per_day, tokens_per_day }: Spend): boolean =>
  usd_per_day === null && tokens_per_day === null;

/** `72 % of 5.00 USD, 12000 tokens (with children: 80 % of 5.00 USD, 15000 tokens)`. */
function textOf(spend: Spend): string {
  const { with_children: all } = spend;
  return all === null
    ? amountsOf(spend)
    : `${amountsOf(spend)} (with children: ${amountsOf({ ...spend, ...all })})`;
}

function amountsOf({ usd, tokens, usd_per_day, tokens_per_day }: Spend): string {
  const dollars = usd_per_day === null ? `${shownUsd(usd)} USD` : share(usd, usd_per_day, "USD");
  const words =
    tokens_per_day === null ? `${tokens} tokens` : share(tokens, tokens_per_day, "tokens");
  return `${dollars}, ${words}`;
}

function share(spent: number, limit: number, unit: "USD" | "tokens"): string {
  const pct = Math.floor((100 * spent) / limit);
  return `${pct} % of ${unit === "USD" ? shownUsd(limit) : limit} ${unit}`;
}
