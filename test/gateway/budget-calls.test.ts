/** Budgets through a real gateway in front of a scripted model: what is refused, and what is charged. */
import { afterEach, describe, expect, it } from "vitest";
import { createModelClient } from "../../src/model/client.ts";
import type { ModelEvent } from "../../src/model/types.ts";
import type { ReadPeer } from "../../src/system/peercred.ts";
import type { Rule, Turn } from "../support/scripted-model.ts";
import { type GatewayWorld, openWorld, type WorldOptions } from "./world.ts";

let world: GatewayWorld | null = null;
afterEach(async () => {
  await world?.close();
  world = null;
});

const worker: ReadPeer = () => ({ pid: 1, uid: 4242, gid: 4242 });
const rule = (...turns: Turn[]): Rule[] => [{ when: "", turns }];
const usage = { prompt_tokens: 40, completion_tokens: 10 };

async function start(turn: Turn, options: WorldOptions): Promise<GatewayWorld> {
  world = await openWorld(rule(turn), { readPeer: worker, ...options });
  return world;
}

const last = async (events: Promise<ModelEvent[]>): Promise<ModelEvent | undefined> =>
  (await events).at(-1);

const tokensOf = (row: Record<string, unknown>): number =>
  Number(row["input_tokens"]) + Number(row["output_tokens"]);

const body = (more: object = {}): string =>
  JSON.stringify({ model: "smart", messages: [{ role: "user", content: "hi" }], ...more });

describe("a call over budget", () => {
  it("is refused with 402, the numbers and the time of the reset; no provider is asked", async () => {
    const { raw, upstream, ledger, logged } = await start(
      { text: "ok", usage },
      { agentBudget: { tokensPerDay: 90, tokensPerCall: 20 } },
    );
    expect((await raw("/v1/chat/completions", body())).status).toBe(200);
    const found = await raw("/v1/chat/completions", body({ max_tokens: 20 }));
    expect(found.status).toBe(402);
    expect(JSON.parse(found.body).error).toEqual({
      message: expect.stringContaining("50 tokens of 90 tokens are spent for worker today"),
      type: "budget",
      code: 402,
      scope: "agent",
      agent: "worker",
      unit: "tokens",
      limit: 90,
      spent: 50,
      resets_at: "2027-01-06T00:00:00.000Z",
      over: "defer",
    });
    expect(upstream.requests).toHaveLength(1);
    expect(ledger()).toHaveLength(1);
    expect(logged.filter((line) => line.includes("over budget"))).toHaveLength(1);
    await raw("/v1/chat/completions", body({ max_tokens: 20 }));
    expect(logged.filter((line) => line.includes("over budget"))).toHaveLength(1);
  });

  it("is put off until the reset, or final, as the budget says", async () => {
    const spent = { tokensPerDay: 60, tokensPerCall: 10 };
    const deferring = await start({ text: "ok", usage }, { agentBudget: spent });
    await deferring.ask("hi");
    const put = await last(deferring.ask("hi"));
    expect(put).toMatchObject({ kind: "error", error: { kind: "temporary", status: 402 } });
    const hours = put?.kind === "error" ? (put.error.retryAfterSeconds ?? 0) / 3600 : 0;
    expect(Math.round(hours)).toBe(12);
    await deferring.close();
    const failing = await start({ text: "ok", usage }, { agentBudget: { ...spent, over: "fail" } });
    await failing.ask("hi");
    expect(await last(failing.ask("hi"))).toMatchObject({
      kind: "error",
      error: { kind: "permanent", status: 402, retryAfterSeconds: null },
    });
  });

  it("of a task fails that task; the next task is served", async () => {
    const { ask } = await start(
      { text: "ok", usage },
      { agentBudget: { usdPerTask: 0.0003, tokensPerCall: 10 } },
    );
    expect(await last(ask("hi"))).toMatchObject({ kind: "reply", reply: { costUsd: 0.00014 } });
    expect(await last(ask("hi"))).toMatchObject({ kind: "reply" });
    expect(await last(ask("hi"))).toMatchObject({
      kind: "error",
      error: { kind: "permanent", message: expect.stringContaining("budget.usd_per_task") },
    });
    expect(await last(ask("hi", "smart", "task-2"))).toMatchObject({ kind: "reply" });
  });

  it("that fits no day is final, whatever `over` says", async () => {
    const { ask, upstream } = await start({ text: "ok" }, { agentBudget: { tokensPerDay: 100 } });
    expect(await last(ask("hi"))).toMatchObject({
      kind: "error",
      error: { kind: "permanent", message: expect.stringContaining("tokens_per_call") },
    });
    expect(upstream.requests).toHaveLength(0);
  });

  it("of root counts against the system", async () => {
    const { ask, ledger } = await start(
      { text: "ok", usage },
      { readPeer: () => ({ pid: 1, uid: 0, gid: 0 }), budget: { usdPerDay: 0.09 } },
    );
    expect(await last(ask("hi"))).toMatchObject({ kind: "reply" });
    expect(ledger()).toMatchObject([{ agent: "root", cost_usd: 0.00014 }]);
    const long = await last(ask("long ".repeat(6000)));
    expect(long).toMatchObject({ kind: "error", error: { status: 402 } });
  });

  it("is not answered by the free rung of its ladder", async () => {
    const aliases = { smart: ["up/scripted-1", "builtin/reflex"] };
    const { ask } = await start({ text: "ok" }, { aliases, agentBudget: { tokensPerDay: 100 } });
    expect(await last(ask("hi"))).toMatchObject({ kind: "error", error: { status: 402 } });
  });

  it("of the reflex engine does not exist", async () => {
    const { ask, ledger } = await start(
      { text: "never" },
      { aliases: { smart: ["builtin/reflex"] }, price: null, agentBudget: { usdPerDay: 0.000001 } },
    );
    expect(await last(ask("hi"))).toMatchObject({ kind: "reply" });
    expect(ledger()).toMatchObject([{ model: "builtin/reflex", cost_usd: 0, input_tokens: 0 }]);
  });

  it("without a known price is refused where money is limited, and made where it is not", async () => {
    const blind = await start({ text: "ok" }, { price: null, budget: { usdPerDay: 5 } });
    expect(await last(blind.ask("hi"))).toMatchObject({
      kind: "error",
      error: {
        kind: "permanent",
        status: 402,
        message: expect.stringContaining("set usd_per_million for alias smart"),
      },
    });
    expect(blind.upstream.requests).toHaveLength(0);
    await blind.close();
    const counted = await start(
      { text: "ok" },
      { price: null, agentBudget: { tokensPerDay: 20_000 } },
    );
    expect(await last(counted.ask("hi"))).toMatchObject({ kind: "reply" });
  });
});

describe("calls side by side", () => {
  it("do not overshoot, and wait rather than fail while others hold the rest", async () => {
    const { promise: until, resolve: answer } = Promise.withResolvers<void>();
    const { raw, ledger, upstream } = await start(
      { text: "ok", usage },
      { agentBudget: { tokensPerDay: 400, tokensPerCall: 60 }, maxConcurrent: 20, until },
    );
    let refused = 0;
    // None is answered before each was either passed on or refused.
    const decided = () => {
      if (upstream.requests.length + refused === 20) answer();
    };
    const looking = setInterval(decided, 1);
    const call = async () => {
      const { status } = await raw("/v1/chat/completions", body());
      if (status !== 200) refused += 1;
      return status;
    };
    const statuses = await Promise.all(Array.from({ length: 20 }, call));
    clearInterval(looking);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    const rows = ledger();
    expect(rows.length).toBe(statuses.filter((status) => status === 200).length);
    expect(rows.reduce((sum, row) => sum + tokensOf(row), 0)).toBeLessThanOrEqual(400);
  });
});

describe("the request", () => {
  it("carries the output limit that was reserved for, and only where something is limited", async () => {
    const asked = (one: GatewayWorld) =>
      one.upstream.requests.map(({ body }) => (body as Record<string, unknown>)["max_tokens"]);
    const limited = await start({ text: "ok" }, { agentBudget: { tokensPerCall: 77 } });
    await limited.raw("/v1/chat/completions", body());
    await limited.raw("/v1/chat/completions", body({ max_completion_tokens: 1000 }));
    await limited.raw("/v1/chat/completions", body({ max_tokens: 7 }));
    expect(asked(limited)).toEqual([77, 77, 7]);
    await limited.close();
    const unlimited = await start({ text: "ok" }, {});
    await unlimited.raw("/v1/chat/completions", body());
    await unlimited.raw("/v1/chat/completions", body({ max_tokens: 9 }));
    expect(asked(unlimited)).toEqual([undefined, 9]);
  });

  it("that would choose another model behind the alias goes nowhere", async () => {
    const { raw, upstream } = await start({ text: "ok" }, {});
    const found = await raw("/v1/chat/completions", body({ models: ["dear/model"] }));
    expect(found).toMatchObject({ status: 400, body: expect.stringContaining("models") });
    expect(upstream.requests).toHaveLength(0);
  });
});

describe("the ledger", () => {
  it("equals the sum of what the provider reported", async () => {
    const { ask, raw, ledger } = await start({ text: "ok", usage }, { budget: { usdPerDay: 5 } });
    await ask("one");
    await raw("/v1/chat/completions", body());
    await ask("three");
    expect(ledger().map(tokensOf)).toEqual([50, 50, 50]);
    expect(ledger()).toMatchObject(Array(3).fill({ basis: "reported", status: 200 }));
    const cost = ledger().reduce((sum, row) => sum + Number(row["cost_usd"]), 0);
    expect(cost).toBeCloseTo(3 * 0.00014, 10);
  });

  it("charges both streams that broke for what came", async () => {
    const { ask, ledger } = await start({ text: "x".repeat(600), cut: true }, {});
    await ask("hi");
    const rows = ledger();
    expect(rows).toHaveLength(2);
    for (const row of rows) {
      expect(row).toMatchObject({ basis: "counted", status: 502, output_tokens: 103 });
      expect(Number(row["input_tokens"])).toBeGreaterThan(20);
    }
  });

  it("charges a caller that hangs up all that was reserved", async () => {
    const hanging = await start(
      { text: "x".repeat(60), hang: true },
      { agentBudget: { tokensPerCall: 500 } },
    );
    const stop = new AbortController();
    const messages = [{ role: "user", content: "hi" }] as const;
    const request = { model: "smart", messages, tools: [], taskId: "t" };
    for await (const event of createModelClient(hanging.socket)(request, stop.signal))
      if (event.kind === "text") stop.abort();
    const isOpen = () => hanging.ledger()[0]?.["basis"] === "reserved";
    while (isOpen()) await new Promise((resolve) => setImmediate(resolve));
    expect(hanging.ledger()).toMatchObject([{ basis: "counted", output_tokens: 500 }]);
  });

  it("charges a try that a gateway on the way gave up, and the one that answered", async () => {
    const away: Turn = { status: 504, retry_after: "0" };
    const { ask, ledger, upstream } = await start(
      { attempts: [away, { text: "ok", usage }] },
      { agentBudget: { tokensPerCall: 100 } },
    );
    expect(await last(ask("hi"))).toMatchObject({ kind: "reply" });
    expect(upstream.requests).toHaveLength(2);
    const [row = {}] = ledger();
    expect(row).toMatchObject({ output_tokens: 110, basis: "counted" });
    expect(tokensOf(row)).toBe(Number(row["estimate_tokens"]) + 50);
  });

  it("has no money for another try, so there is none, nor another rung", async () => {
    const { ask, ledger, upstream } = await start(
      { status: 504, retry_after: "0" },
      {
        aliases: { smart: ["up/scripted-1", "builtin/reflex"] },
        agentBudget: { tokensPerCall: 100, tokensPerDay: 200 },
      },
    );
    expect(await last(ask("hi"))).toMatchObject({ kind: "error", error: { status: 402 } });
    expect(upstream.requests).toHaveLength(1);
    expect(ledger()).toMatchObject([{ status: 402, output_tokens: 100 }]);
  });

  it("is charged nothing for what a provider refused", async () => {
    const { ask, ledger } = await start({ status: 401 }, { budget: { usdPerDay: 5 } });
    await ask("hi");
    expect(ledger()).toMatchObject([{ status: 401, input_tokens: 0, output_tokens: 0 }]);
  });

  it("stands for a provider that is not there", async () => {
    const { ask, ledger } = await start({ text: "x" }, { aliases: { smart: ["away/x"] } });
    await ask("hi");
    expect(ledger()).toMatchObject([{ status: 503, input_tokens: 0, output_tokens: 0 }]);
  });
});

it("most of a budget being spent is said once a day", async () => {
  const { ask, logged } = await start(
    { text: "ok", usage },
    { agentBudget: { tokensPerDay: 400, tokensPerCall: 20, warnPct: 25 } },
  );
  const warnings = () => logged.filter((line) => line.includes("most of today's budget"));
  const isWarned = async () => {
    const event = await last(ask("hi"));
    return event?.kind === "reply" && event.reply.warned === true;
  };
  expect(await isWarned()).toBe(false);
  expect(warnings()).toEqual([]);
  // Told with every answer from then on, to whoever would spend more without need.
  expect(await isWarned()).toBe(true);
  expect(await isWarned()).toBe(true);
  expect(warnings()).toHaveLength(1);
  expect(warnings()[0]).toMatch(/worker has spent .*"pct":25/);
});
