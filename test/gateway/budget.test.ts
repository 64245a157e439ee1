/** Budgets as pure decisions: what fits, what a refusal says, what a request may use. */
import { describe, expect, test } from "vitest";
import { noBudget } from "../../src/config/authority.ts";
import type { Budget } from "../../src/config/types.ts";
import { type Account, type Ending, newAccount, note, usedBy } from "../../src/gateway/account.ts";
import {
  dayOf,
  dayStart,
  type HolderTotals,
  judge,
  type Limit,
  limitsOf,
  nextReset,
  nothing,
  type Spent,
  type Totals,
  toWarn,
} from "../../src/gateway/budget.ts";
import { refusalFor } from "../../src/gateway/refusal.ts";
import { type Caps, defaultOutputTokens, estimateOf } from "../../src/gateway/request.ts";

const budget = (change: Partial<Budget>): Budget => ({ ...noBudget, ...change });
const none: Spent = { settled: nothing, open: nothing };
const usd = (settled: number, open = 0): Spent => ({
  settled: { tokens: 0, usd: settled },
  open: { tokens: 0, usd: open },
});
type Sums = Partial<Pick<HolderTotals, "task" | "agent"> & Pick<Totals, "system">>;
const noSlices = { usd: 0, tokens: 0 };
const totals = ({ system = none, task = none, agent = none }: Sums): Totals => ({
  system,
  holders: [{ task, agent, slices: noSlices }],
});
const cost = (dollars: number) => ({ tokens: 0, usd: dollars });
const noon = Date.parse("2027-03-04T12:00:00Z");

describe("judge", () => {
  const limits = limitsOf(budget({ usdPerDay: 1, usdPerTask: 0.5 }), budget({ usdPerDay: 10 }));

  test("lets through what fits exactly, sums of thirds included", () => {
    expect(judge(limits, totals({ agent: usd(0.5) }), cost(0.5))).toBeNull();
    expect(judge(limits, totals({ agent: usd(0.1 + 0.2) }), cost(0.5))).toBeNull();
    const third = judge(
      limitsOf(noBudget, budget({ usdPerDay: 0.3 })),
      totals({}),
      cost(0.1 + 0.2),
    );
    expect(third).toBeNull();
  });

  test.each([
    ["what is spent", { agent: usd(0.9) }, 0.2, "agent", "reset"],
    ["the system's day", { system: usd(9.9) }, 0.2, "system", "reset"],
    ["a task, which no day resets", { task: usd(0.4), agent: usd(0.4) }, 0.2, "task", "never"],
    ["a call that fits no day", {}, 0.6, "task", "never"],
    ["only calls under way", { agent: usd(0.5, 0.4) }, 0.2, "agent", "wait"],
    ["the longest of several", { agent: usd(0, 0.9), system: usd(9.9) }, 0.2, "system", "reset"],
  ] as const)("refuses because of %s", (_, spent, wanted, scope, until) => {
    const found = judge(limits, totals(spent), cost(wanted));
    expect(found).toMatchObject({ limit: { scope }, until });
  });

  test("of two days that are over, the one that fails the task is told", () => {
    const both = limitsOf(budget({ usdPerDay: 1 }), budget({ usdPerDay: 1, over: "fail" }));
    const found = judge(both, totals({ agent: usd(1), system: usd(1) }), cost(0.1));
    expect(found?.limit).toMatchObject({ scope: "system", over: "fail" });
  });

  test("warns from the share on, for days only, and not for what is only reserved", () => {
    const warned = (spent: Sums) => toWarn(limits, totals(spent)).map(({ scope }) => scope);
    expect(warned({ agent: usd(0.79, 0.2), task: usd(0.5) })).toEqual([]);
    expect(warned({ agent: usd(0.8), system: usd(8) })).toEqual(["agent", "system"]);
  });
});

test("a day is one of UTC", () => {
  expect(dayOf(noon)).toBe("2027-03-04");
  expect(dayStart(noon)).toBe(Date.parse("2027-03-04T00:00:00Z"));
  expect(nextReset(noon)).toBe(Date.parse("2027-03-05T00:00:00Z"));
  expect(nextReset(nextReset(noon))).toBe(Date.parse("2027-03-06T00:00:00Z"));
});

describe("a refusal", () => {
  const limit: Limit = {
    ...{ scope: "agent", unit: "usd", most: 5, ask: false, generation: 0 },
    ...{ over: "defer", warnPct: 80 },
  };
  const slices = { allowed: 0, needed: 0 };
  const refusal = { limit, spent: 4.98, wanted: 0.12, until: "reset", slices } as const;
  const scribe = { uid: 7, agent: "scribe", task: "t" };

  test("names limit, spending, reset and remedy", () => {
    const found = refusalFor(refusal, scribe, noon);
    expect(found).toMatchObject({
      status: 402,
      retryAfterSeconds: 12 * 3600,
      budget: {
        scope: "agent",
        agent: "scribe",
        unit: "usd",
        limit: 5,
        spent: 4.98,
        resets_at: "2027-03-05T00:00:00.000Z",
        over: "defer",
      },
    });
    expect(found.message).toContain("4.98 USD of 5.00 USD are spent for scribe today");
    expect(found.message).toContain("raise budget.usd_per_day in the agent's manifest");
  });

  test("names no time to come back where the task is to fail, or no day helps", () => {
    const failing = { ...refusal, limit: { ...limit, over: "fail" as const } };
    expect(refusalFor(failing, scribe, noon)).toMatchObject({
      status: 402,
      retryAfterSeconds: null,
      budget: { over: "fail" },
    });
    const never = refusalFor({ ...refusal, wanted: 6, until: "never" }, scribe, noon);
    expect(never).toMatchObject({ status: 402, retryAfterSeconds: null, budget: { over: "fail" } });
    expect(never.message).toContain("lower budget.tokens_per_call");
  });

  test("is a short wait where calls under way hold the rest", () => {
    const found = refusalFor({ ...refusal, until: "wait" }, scribe, noon);
    expect(found).toMatchObject({ status: 429, retryAfterSeconds: 10 });
  });
});

describe("the estimate", () => {
  const body = { model: "smart", messages: [{ role: "user", content: "hi" }] };
  const free: Caps = { perCall: null, isLimited: false };
  const imagePart = (url: string) => ({ type: "image_url", image_url: { url } });
  const chat = (more: object, caps = free) =>
    estimateOf("/chat/completions", { ...body, ...more }, 301, caps);

  test.each([
    ["nothing asked, nothing limited", {}, free, { output: defaultOutputTokens, limit: null }],
    ["asked, not limited", { max_tokens: 50 }, free, { output: 50, limit: null }],
    [
      "nothing asked, limited",
      {},
      { perCall: null, isLimited: true },
      { output: defaultOutputTokens, limit: defaultOutputTokens },
    ],
    ["a cap is the default", {}, { perCall: 99, isLimited: false }, { output: 99, limit: 99 }],
    [
      "a cap caps",
      { max_tokens: 500 },
      { perCall: 99, isLimited: true },
      { output: 99, limit: 99 },
    ],
    [
      "each choice costs",
      { max_completion_tokens: 50, n: 3 },
      { perCall: null, isLimited: true },
      { output: 150, limit: 50 },
    ],
  ])("%s", (_, more, caps, expected) => {
    expect(chat(more, caps)).toEqual({ input: 101, ...expected });
  });

  test("an image elsewhere is more than its address", () => {
    const image = (url: string) => ({ messages: [{ role: "user", content: [imagePart(url)] }] });
    expect(chat(image("https://example/a.png"))).toMatchObject({ input: 101 + 4096 });
    expect(chat(image("data:image/png;base64,AAAA"))).toMatchObject({ input: 101 });
  });

  test("a large image counts as what the dearest provider takes for one, not by its bytes", () => {
    const url = `data:image/png;base64,${"A".repeat(3_000_000)}`;
    const body = { model: "smart", messages: [{ role: "user", content: [imagePart(url)] }] };
    const bytes = JSON.stringify(body).length;
    const found = estimateOf("/chat/completions", body, bytes, free);
    if ("status" in found) throw new Error(found.message);
    expect(found.input).toBeGreaterThan(49_152);
    expect(found.input).toBeLessThan(49_300);
  });

  test.each([
    ["other models", { models: ["dear/model"] }],
    ["a faster tier", { service_tier: "priority" }],
    ["a search", { plugins: [{ id: "web" }] }],
    ["a provider's tool", { tools: [{ type: "web_search" }] }],
    ["a file elsewhere", { messages: [{ role: "user", content: [{ type: "file" }] }] }],
    ["no number", { max_tokens: "9" }],
    ["less than nothing", { max_tokens: -1 }],
    ["too many choices", { n: 1000 }],
  ])("%s is refused, whatever it costs", (_, more) => {
    expect(chat(more)).toMatchObject({ status: 400 });
  });

  test("embeddings have no output", () => {
    const found = estimateOf("/embeddings", { model: "e", input: "x" }, 30, free);
    expect(found).toEqual({ input: 10, output: 0, limit: null });
  });
});

describe("what an answer used", () => {
  const estimate = { input: 100, output: 1000 };
  const text = { choices: [{ delta: { content: "é".repeat(30) } }] };
  const usage = { usage: { prompt_tokens: 40, completion_tokens: 7 } };
  const after = (ending: Ending, ...chunks: object[]) => {
    const account: Account = newAccount();
    for (const chunk of chunks) note(account, chunk);
    return usedBy(account, estimate, ending);
  };

  test.each([
    ["whole, reported", "whole", [text, usage], [40, 7, "reported"]],
    ["whole, not reported", "whole", [text], [100, 20, "counted"]],
    ["a report of nothing is none", "whole", [text, { usage: {} }], [100, 20, "counted"]],
    ["broken off", "cut", [text], [100, 20, "counted"]],
    ["broken off after a first report", "cut", [usage, text], [40, 20, "counted"]],
    ["hung up at once", "unknown", [], [100, 1000, "counted"]],
    ["hung up after some", "unknown", [text], [100, 1000, "counted"]],
    ["nobody answered", "none", [], [0, 0, "counted"]],
  ] as const)("%s", (_, ending, chunks, [input, output, basis]) => {
    expect(after(ending, ...chunks)).toEqual({ input, output, basis });
  });

  test("thoughts and calls of tools are output too", () => {
    const account = newAccount();
    const call = { function: { name: "shell", arguments: '{"a":1}' } };
    note(account, { choices: [{ delta: { reasoning: "hm", tool_calls: [call] } }] });
    expect(account.bytes).toBe(2 + 5 + 7);
  });
});
