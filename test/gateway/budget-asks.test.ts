/** Limits beyond which people are asked, and the edges of every limit, as pure decisions. */
import { describe, expect, test } from "vitest";
import { noBudget } from "../../src/config/authority.ts";
import type { Budget } from "../../src/config/types.ts";
import {
  type HolderTotals,
  judge,
  limitsOf,
  maxSlices,
  nothing,
  shownAmount,
  shownUsd,
  spentUnder,
  type Totals,
} from "../../src/gateway/budget.ts";

const of = (change: Partial<Budget>) => limitsOf({ ...noBudget, ...change }, noBudget);
const none = { settled: nothing, open: nothing };

function totals(of: { settled?: number; open?: number; allowed?: number }): Totals {
  const { settled = 0, open = 0, allowed = 0 } = of;
  const spent = { settled: both(settled), open: both(open) };
  const holder: HolderTotals = { task: spent, agent: spent, slices: both(allowed) };
  return { system: none, holders: [holder] };
}
const both = (n: number) => ({ tokens: n, usd: n });

describe("where people are asked", () => {
  const limits = of({ askTokensPerTask: 100 });

  test.each([
    ["the first time", { settled: 90 }, 20, "ask", { allowed: 0, needed: 1 }],
    ["for as many as the call needs", { settled: 90 }, 320, "ask", { allowed: 0, needed: 4 }],
    ["up to the end of one, exactly", { settled: 90 }, 110, "ask", { allowed: 0, needed: 1 }],
    [
      "again, beyond what they allowed",
      { settled: 290, allowed: 2 },
      20,
      "ask",
      { allowed: 2, needed: 3 },
    ],
    [
      "never for calls under way",
      { settled: 200, open: 90, allowed: 2 },
      50,
      "wait",
      { allowed: 2, needed: 3 },
    ],
    ["as often as they can", {}, maxSlices * 100 + 100, "ask", { allowed: 0, needed: maxSlices }],
    ["not more often", {}, maxSlices * 100 + 101, "never", { allowed: 0, needed: maxSlices + 1 }],
  ] as const)("%s", (_, spent, wanted, until, slices) => {
    const found = judge(limits, totals(spent), { tokens: wanted, usd: 0 });
    expect(found).toMatchObject({
      until,
      wanted,
      slices,
      spent: totals(spent).holders[0]?.task.settled.tokens,
    });
  });

  test("what they allowed is there to spend, to the last token", () => {
    const there = totals({ settled: 290, allowed: 2 });
    expect(judge(limits, there, { tokens: 10, usd: 0 })).toBeNull();
    expect(judge(limits, there, { tokens: 11, usd: 0 })).not.toBeNull();
  });

  test("sums of tenths need no more of them than they are", () => {
    const found = judge(of({ askUsdPerTask: 0.1 }), totals({ settled: 0.2 }), {
      tokens: 0,
      usd: 0.1,
    });
    expect(found?.slices).toEqual({ allowed: 0, needed: 2 });
  });
});

describe("at the edge of a limit", () => {
  const until = (spent: Parameters<typeof totals>[0], tokens: number) =>
    judge(of({ tokensPerDay: 100 }), totals(spent), { tokens, usd: 0 })?.until;

  test("a call as large as the day waits for the next, a larger one for none", () => {
    expect(until({ settled: 50 }, 100)).toBe("reset");
    expect(until({ settled: 50 }, 101)).toBe("never");
  });

  test("what fits exactly once the calls under way have ended waits for them only", () => {
    expect(until({ settled: 50, open: 10 }, 50)).toBe("wait");
    expect(until({ settled: 50, open: 10 }, 51)).toBe("reset");
  });
});

test("a limit is there for each number that is set, and a file of an earlier version sets few", () => {
  const old = { over: "defer", warnPct: 80, usdPerDay: 1, tokensPerDay: null } as unknown as Budget;
  const limits = limitsOf(old, noBudget);
  expect(limits).toEqual([
    {
      ...{ scope: "agent", unit: "usd", most: 1, ask: false, generation: 0 },
      ...{ over: "defer", warnPct: 80 },
    },
  ]);
});

test("limits of ancestors are held against their own sums, and there is no limit without sums", () => {
  const payer = { ...noBudget, tokensPerDay: 7 };
  const [limit] = limitsOf(noBudget, noBudget, [payer]);
  if (limit === undefined) throw new Error("no limit");
  expect(limit).toMatchObject({ scope: "agent", generation: 1, most: 7 });
  const { holders } = totals({ settled: 1 });
  const above = { ...totals({ settled: 5 }).holders[0] } as HolderTotals;
  const two = { system: none, holders: [...holders, above] };
  expect(spentUnder(limit, two).settled.tokens).toBe(5);
  expect(() => spentUnder(limit, { system: none, holders })).toThrow("no sums of generation 1");
});

test.each([
  [0, "0.00"],
  [0.1, "0.10"],
  [0.0999, "0.1"],
  [0.05, "0.05"],
  [0.012345, "0.012"],
  [1.005, "1.00"],
  [12.5, "12.50"],
])("%d USD is shown as %s", (usd, text) => {
  expect(shownUsd(usd)).toBe(text);
  expect(shownAmount("usd", usd)).toBe(`${text} USD`);
});

test("tokens are shown whole", () => {
  expect(shownAmount("tokens", 12.6)).toBe("13 tokens");
});
