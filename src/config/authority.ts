/** The parts of a manifest that say what an agent may spend, ask for and give away. Pure. */

import type { Broken } from "./broken.ts";
import { grantRoots, parseGrant, parseNetworkTarget } from "./grammar.ts";
import { allToolsNamed } from "./tool-groups.ts";
import type { Budget, May, Tier } from "./types.ts";

export interface RawBudget {
  readonly usd_per_day?: number;
  readonly tokens_per_day?: number;
  readonly usd_per_task?: number;
  readonly tokens_per_task?: number;
  readonly ask_usd_per_task?: number;
  readonly ask_tokens_per_task?: number;
  readonly tokens_per_call?: number;
  readonly over?: Budget["over"];
  readonly warn_pct?: number;
}

export interface RawMay {
  readonly request?: readonly string[];
  readonly propose?: May["propose"];
  readonly grant?: {
    readonly tiers?: readonly Tier[];
    readonly task?: readonly string[];
    readonly read?: readonly string[];
    readonly write?: readonly string[];
    readonly network?: readonly string[];
    readonly tools?: readonly string[];
  };
}

export const noBudget: Budget = {
  usdPerDay: null,
  tokensPerDay: null,
  usdPerTask: null,
  tokensPerTask: null,
  askUsdPerTask: null,
  askTokensPerTask: null,
  tokensPerCall: null,
  over: "defer",
  warnPct: 80,
};

export const noMay: May = {
  request: [],
  grant: { tiers: [], task: [], read: [], write: [], network: [], tools: [] },
};

export function budgetOf(raw: RawBudget = {}): Budget {
  return {
    usdPerDay: raw.usd_per_day ?? noBudget.usdPerDay,
    tokensPerDay: raw.tokens_per_day ?? noBudget.tokensPerDay,
    usdPerTask: raw.usd_per_task ?? noBudget.usdPerTask,
    tokensPerTask: raw.tokens_per_task ?? noBudget.tokensPerTask,
    askUsdPerTask: raw.ask_usd_per_task ?? noBudget.askUsdPerTask,
    askTokensPerTask: raw.ask_tokens_per_task ?? noBudget.askTokensPerTask,
    tokensPerCall: raw.tokens_per_call ?? noBudget.tokensPerCall,
    over: raw.over ?? noBudget.over,
    warnPct: raw.warn_pct ?? noBudget.warnPct,
  };
}

export function mayOf(raw: RawMay = {}): { readonly may: May; readonly broken: Broken[] } {
  const { grant = {}, propose = [] } = raw;
  const read = directories(grant.read ?? [], "read");
  const write = directories(grant.write ?? [], "write");
  const network = grant.network ?? [];
  const odd = network.flatMap((text, index) =>
    text === "*" || parseNetworkTarget(text) !== null ? [] : [oddTarget(text, index)],
  );
  const may: May = {
    request: [...new Set(raw.request ?? [])].sort(),
    ...(propose.length === 0 ? {} : { propose: [...propose].sort() }),
    grant: {
      tiers: grant.tiers ?? [],
      task: [...(grant.task ?? [])].sort(),
      read: read.found,
      write: write.found,
      network: [...network].sort(),
      tools: allToolsNamed(grant.tools ?? []).sort(),
    },
  };
  return { may, broken: [...read.broken, ...write.broken, ...odd] };
}

const oddTarget = (text: string, index: number): Broken => ({
  path: ["may", "grant", "network", index],
  why: `${JSON.stringify(text)} is not a network target`,
  remedy: "expected HOST:PORT, ADDRESS/LEN:PORT, [IPV6/LEN]:PORT, *:PORT or *",
});

function directories(
  list: readonly string[],
  kind: "read" | "write",
): { found: string[]; broken: Broken[] } {
  const found: string[] = [];
  const broken: Broken[] = [];
  for (const [index, text] of list.entries()) {
    const grant = parseGrant(text, grantRoots[kind]);
    if ("directory" in grant) found.push(grant.directory);
    else {
      const path = ["may", "grant", kind, index];
      broken.push({ path, why: grant.why, remedy: `expected ${grantRoots[kind][0]}/x/**` });
    }
  }
  return { found: [...new Set(found)].sort(), broken };
}
