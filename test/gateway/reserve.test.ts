/** What is reserved before a call is made: by the tightest cap of all who pay, and never without a row. */
import { expect, test } from "vitest";
import { noBudget } from "../../src/config/authority.ts";
import type { Budget } from "../../src/config/types.ts";
import { type Limit, limitsOf, type Refusal } from "../../src/gateway/budget.ts";
import type { Ledger } from "../../src/gateway/ledger.ts";
import { defaultOutputTokens } from "../../src/gateway/request.ts";
import { openBooks } from "../../src/gateway/reserve.ts";
import { emptyRuntime } from "./world.ts";

interface Parts {
  readonly own?: Partial<Budget>;
  /** Of the agent above. */
  readonly above?: Partial<Budget>;
  readonly system?: Partial<Budget>;
  readonly price?: null;
  readonly fault?: Error;
  /** Of the upstreams; absent: a paid one. */
  readonly kinds?: readonly ("reflex" | "provider")[];
  readonly refused?: Refusal;
  readonly body?: object;
}

async function open(of: Parts = {}) {
  const reserved: { output: number; costUsd: number }[] = [];
  const limits: (readonly Limit[])[] = [];
  const payersOf: unknown[] = [];
  const settled: number[] = [];
  const logged: unknown[] = [];
  const reserve = (
    call: { payers: unknown },
    amounts: { output: number; costUsd: number },
    all: Limit[],
  ) => {
    payersOf.push(call.payers);
    reserved.push(amounts);
    limits.push(all);
    return of.refused === undefined ? { id: 31 } : { refused: of.refused };
  };
  const deps = {
    runtime: { ...emptyRuntime, budget: { ...noBudget, ...of.system } },
    ledger: async () => {
      if (of.fault !== undefined) throw of.fault;
      const settle = (id: number) => void settled.push(id);
      return { reserve, settle } as unknown as Ledger;
    },
    log: {
      info: () => undefined,
      warn: () => undefined,
      error: (...all: unknown[]) => logged.push(all),
    },
    now: () => 0,
  };
  const payers = of.above && [
    { uid: 8, name: "boss", task: "T", budget: { ...noBudget, ...of.above } },
  ];
  const caller = {
    ...{
      uid: 7,
      name: "me",
      tier: "worker" as const,
      models: ["*"],
      budget: { ...noBudget, ...of.own },
    },
    ...(payers === undefined ? {} : { payers }),
  };
  const usdPerMillion = of.price === null ? null : { input: 0, output: 1_000_000 };
  const body = { model: "smart", messages: [], ...of.body };
  const booking = {
    ...{ caller, endpoint: "/chat/completions" as const, body, bytes: 30, task: "t" },
    signal: new AbortController().signal,
  };
  const rungs = (of.kinds ?? ["provider"]).map((kind) => ({ kind })) as never;
  const entry = { use: [], context: null, usdPerMillion };
  const found = { ok: true as const, alias: "smart", entry, rungs };
  const books = await openBooks(deps, booking, found, 0);
  return { books, reserved, limits, payersOf, settled, logged };
}

const output = async (of: Parts): Promise<unknown> => {
  const { books, reserved } = await open(of);
  return [reserved[0]?.output, "outputLimit" in books ? books.outputLimit : books];
};

test("the smallest cap of the agent, those above it and the system holds for the call", async () => {
  const caps = (a: number, b: number, c: number): Parts => ({
    ...{ own: { tokensPerCall: a }, above: { tokensPerCall: b }, system: { tokensPerCall: c } },
  });
  for (const of of [caps(9, 20, 30), caps(20, 9, 30), caps(30, 20, 9)])
    expect(await output(of)).toEqual([9, 9]);
  expect(await output({ above: { tokensPerCall: 11 } })).toEqual([11, 11]);
});

test("a request is told how much it may answer where anything limits it, else not", async () => {
  const usual = defaultOutputTokens;
  expect(await output({})).toEqual([usual, null]);
  expect(await output({ own: { tokensPerDay: 5 } })).toEqual([usual, usual]);
  expect(await output({ above: { tokensPerDay: 5 } })).toEqual([usual, usual]);
  expect(await output({ system: { tokensPerDay: 5 } })).toEqual([usual, usual]);
});

test("all it may cost is reserved, against the limits of all who pay", async () => {
  const of = { own: { usdPerTask: 1 }, above: { usdPerDay: 2 }, system: { usdPerDay: 3 } };
  const { reserved, limits } = await open(of);
  expect(reserved[0]?.costUsd).toBe(defaultOutputTokens);
  expect(limits[0]?.map(({ scope, generation, most }) => [scope, generation, most])).toEqual([
    ["task", 0, 1],
    ["agent", 1, 2],
    ["system", 0, 3],
  ]);
});

test("the row that stands for the call is the one that is settled, and nobody else pays", async () => {
  const { books, payersOf, settled } = await open();
  if ("status" in books) throw new Error(books.message);
  await books.settle("model", 200, "whole");
  expect([settled, payersOf]).toEqual([[31], [[]]]);
  expect((await open({ above: { usdPerDay: 2 } })).payersOf).toMatchObject([[{ name: "boss" }]]);
});

test("no price is guessed where a limit is in money; without one none is needed", async () => {
  const { books, reserved } = await open({ price: null, above: { usdPerDay: 2 } });
  expect([reserved, "status" in books]).toEqual([[], true]);
  expect((await open({ price: null, above: { tokensPerDay: 2 } })).reserved).toHaveLength(1);
});

test("no call is made where the ledger cannot be opened", async () => {
  const { books, reserved, logged } = await open({ fault: new Error("disk is full") });
  expect(books).toEqual({
    status: 503,
    message: "the ledger cannot be written (disk is full): no paid call is made",
    retryAfterSeconds: 60,
  });
  expect([reserved.length, logged.length]).toEqual([0, 1]);
});

test("what does not fit is refused with the limit that it does not fit", async () => {
  const [limit] = limitsOf({ ...noBudget, tokensPerTask: 5 }, noBudget);
  if (limit === undefined) throw new Error("no limit");
  const slices = { allowed: 0, needed: 0 };
  const { books } = await open({ refused: { limit, spent: 4, wanted: 2, until: "never", slices } });
  expect(books).toMatchObject({ status: 402, budget: { scope: "task", agent: "me", limit: 5 } });
});

test("the reflex engine alone costs nothing and needs no row, also where money is limited", async () => {
  const own = { usdPerDay: 1, tokensPerCall: 5 };
  const { books, reserved } = await open({ own, price: null, kinds: ["reflex", "reflex"] });
  expect([reserved, "outputLimit" in books && books.outputLimit]).toEqual([[], null]);
  expect((await open({ own, kinds: ["reflex", "provider"] })).reserved).toHaveLength(1);
});

test("a request that cannot be reckoned is refused before anything is reserved", async () => {
  const { books, reserved } = await open({ body: { n: 1000 } });
  expect(books).toMatchObject({ status: 400 });
  expect(reserved).toEqual([]);
});
