/**
 * What was spent today (UTC), and of how much: the gateway's ledger against the budgets that it keeps. Reads
 * only. Null where the caller may not look; the ledger and the budgets are root's and the gateway's.
 */
import { readGateway } from "../../config/compiled.ts";
import type { AgentEntry, Budget, GatewayRuntime } from "../../config/types.ts";
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
}

export interface Spending {
  readonly system: Spend | null;
  readonly agent: (agent: AgentEntry) => Spend | null;
}

const unknown: Spending = { system: null, agent: () => null };

type Amount = Pick<Spend, "usd" | "tokens">;
const nothing: Amount = { usd: 0, tokens: 0 };

/** `compiled` is the directory of the compiled configuration, if not the installed one. */
export async function readSpending(now: number, compiled?: string): Promise<Spending> {
  const gateway = readBudgets(compiled);
  if (gateway === null) return unknown;
  const byUid = await spentByUid(gateway, dayStart(now));
  if (byUid === null) return unknown;
  const day = dayOf(now);
  const of = ({ usd, tokens }: Amount, budget: Budget): Spend => ({
    ...{ day, usd, tokens },
    usd_per_day: budget.usdPerDay,
    tokens_per_day: budget.tokensPerDay,
  });
  const all = [...byUid.values()].reduce(
    (sum, one) => ({ usd: sum.usd + one.usd, tokens: sum.tokens + one.tokens }),
    nothing,
  );
  return {
    system: of(all, gateway.budget),
    agent: ({ uid, name }) => {
      // In con dev all agents are one user: what one of them spent is not known.
      const caller = gateway.callers.find((one) => one.uid === uid && one.name === name);
      return caller === undefined ? null : of(byUid.get(uid) ?? nothing, caller.budget);
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

const sql = `SELECT uid, total(cost_usd) AS usd, total(input_tokens + output_tokens) AS tokens
  FROM calls WHERE at_ms >= ? GROUP BY uid`;

type ByUid = ReadonlyMap<number, Amount>;

async function spentByUid(gateway: GatewayRuntime, since: number): Promise<ByUid | null> {
  if (ledgerState(gateway) === null) return new Map();
  const read = (ask: LedgerReader): ByUid | null =>
    new Map(
      ask(sql, since).map((row) => [
        count(row["uid"]),
        { usd: count(row["usd"]), tokens: count(row["tokens"]) },
      ]),
    );
  const found = await withLedger<ByUid | null>(gateway, () => null, read);
  return found instanceof Map ? found : null;
}

interface Spender {
  readonly name: string;
  readonly spend: Spend | null;
}

/** Of an agent that spent nothing and has no limit there is nothing to say. */
export function spendOfAll(system: Spend | null, agents: readonly Spender[]): string {
  const lines = agents.flatMap(({ name, spend }) =>
    spend === null || (spend.tokens === 0 && isUnlimited(spend))
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

/** `72 % of 5.00 USD, 12000 tokens`. */
function textOf({ usd, tokens, usd_per_day, tokens_per_day }: Spend): string {
  const dollars = usd_per_day === null ? `${shownUsd(usd)} USD` : share(usd, usd_per_day, "USD");
  const words =
    tokens_per_day === null ? `${tokens} tokens` : share(tokens, tokens_per_day, "tokens");
  return `${dollars}, ${words}`;
}

function share(spent: number, limit: number, unit: "USD" | "tokens"): string {
  const pct = Math.floor((100 * spent) / limit);
  return `${pct} % of ${unit === "USD" ? shownUsd(limit) : limit} ${unit}`;
}
