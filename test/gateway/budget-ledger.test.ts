/**
 * Reservations in a real ledger: side by side, killed at any step, over restarts and days. What is killed
 * is a handle that is never used again: nothing of it is written when it goes.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { noBudget } from "../../src/config/authority.ts";
import type { Budget } from "../../src/config/types.ts";
import { limitsOf } from "../../src/gateway/budget.ts";
import { type Ledger, type LedgerEnd, openLedger } from "../../src/gateway/ledger.ts";

let directory: string;
let path: string;
let handles: Ledger[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "con-budget-"));
  path = join(directory, "ledger.db");
});
afterEach(() => {
  for (const handle of handles) handle.close();
  handles = [];
  rmSync(directory, { recursive: true, force: true });
});

const open = async (at = path): Promise<Ledger> => {
  const ledger = await openLedger(at);
  handles.push(ledger);
  return ledger;
};

const noon = Date.parse("2027-03-04T12:00:00Z");
const call = (uid: number, task: string | null, at = noon) => ({
  at,
  uid,
  agent: `agent-${uid}`,
  task,
  alias: "smart",
});
const wanted = (tokens: number) => ({ input: tokens, output: 0, costUsd: tokens / 1000 });
const end = (tokens: number): LedgerEnd => ({
  ...wanted(tokens),
  model: "up/m",
  status: 200,
  latencyMs: 1,
});
const limits = (agent: Partial<Budget>, system: Partial<Budget> = {}) =>
  limitsOf({ ...noBudget, ...agent }, { ...noBudget, ...system });

interface Row {
  readonly id: number;
  readonly uid: number;
  readonly task_claimed: string;
  readonly tokens: number;
  readonly cost_usd: number;
  readonly basis: string;
}

const reader = (at: string): Sqlite.Database => new Sqlite(at, { readonly: true });

const rowsIn = (database: Sqlite.Database): Row[] => {
  const sql = "SELECT *, input_tokens + output_tokens AS tokens FROM calls ORDER BY id";
  return database.prepare(sql).all() as Row[];
};

function rows(): Row[] {
  const database = reader(path);
  const found = rowsIn(database);
  database.close();
  return found;
}

const sumOf = (all: readonly Row[], key: "tokens" | "cost_usd" = "tokens"): number =>
  all.reduce((sum, row) => sum + row[key], 0);

/** One step of some history: a call of an agent, the end of an open one, or a kill of the gateway. */
const step = fc.oneof(
  fc.record({
    kind: fc.constant("call" as const),
    uid: fc.integer({ min: 1, max: 3 }),
    task: fc.constantFrom("a", "b"),
    tokens: fc.integer({ min: 0, max: 60 }),
  }),
  fc.record({
    kind: fc.constant("end" as const),
    which: fc.nat(),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({ kind: fc.constant("again" as const), which: fc.nat() }),
  fc.constant({ kind: "kill" as const }),
);

describe("reservations", () => {
  test("never exceed a limit, and never lie below what was used, whatever is killed when", async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 10, maxLength: 40, size: "max" }),
        async (steps) => {
          run += 1;
          const at = join(directory, `${run}.db`);
          const caps = limits({ tokensPerTask: 80, usdPerDay: 0.12 }, { tokensPerDay: 250 });
          let ledger = await open(at);
          const looking = reader(at);
          let under: { id: number; uid: number; task: string; most: number; one: number }[] = [];
          /** What providers really did for the calls that were made. */
          let real = 0;
          for (const one of steps) {
            if (one.kind === "call") {
              const made = ledger.reserve(call(one.uid, one.task), wanted(one.tokens), caps);
              if ("id" in made)
                under.push({ ...one, id: made.id, most: one.tokens, one: one.tokens });
            } else if (one.kind === "kill") {
              for (const { most } of under) real += most;
              under = [];
              ledger = await open(at);
            } else if (under.length > 0) {
              const index = one.which % under.length;
              const found = under[index];
              if (found === undefined) throw new Error("no call");
              if (one.kind === "again") {
                const { id, uid, task } = found;
                const refused = ledger.extend(id, call(uid, task), wanted(found.one), caps);
                if (refused === null) found.most += found.one;
              } else {
                const used = Math.floor(found.most * one.share);
                real += used;
                ledger.settle(found.id, end(used), "reported");
                under.splice(index, 1);
              }
            }
            const all = rowsIn(looking);
            expect(sumOf(all)).toBeLessThanOrEqual(250);
            for (const uid of [1, 2, 3]) {
              const own = all.filter((row) => row.uid === uid);
              expect(sumOf(own, "cost_usd")).toBeLessThanOrEqual(0.12 + 1e-8);
              for (const task of ["a", "b"])
                expect(sumOf(own.filter((row) => row.task_claimed === task))).toBeLessThanOrEqual(
                  80,
                );
            }
            expect(sumOf(all)).toBeGreaterThanOrEqual(real);
            expect(all.map(({ id }) => id)).toEqual(all.map((_, index) => index + 1));
          }
          looking.close();
        },
      ),
      { numRuns: 20 },
    );
  });

  test("of two gateways on one file hold each other up", async () => {
    const [one, two] = [await open(), await open()];
    const caps = limits({}, { tokensPerDay: 100 });
    expect(one.reserve(call(1, "a"), wanted(60), caps)).toMatchObject({ id: 1 });
    expect(two.reserve(call(2, "b"), wanted(60), caps)).toMatchObject({
      refused: { until: "wait", spent: 0 },
    });
    one.settle(1, end(10), "reported");
    expect(two.reserve(call(2, "b"), wanted(60), caps)).toMatchObject({ id: 2 });
  });

  test("stand as lost when their gateway died, and may still be settled by it", async () => {
    const first = await open();
    first.reserve(call(1, "a"), wanted(60), []);
    const second = await open();
    expect(rows()).toMatchObject([{ basis: "lost", tokens: 60 }]);
    const caps = limits({ tokensPerDay: 100 });
    expect(second.totals(call(1, "a"), caps).holders[0]?.agent.settled.tokens).toBe(60);
    first.settle(1, end(20), "reported");
    expect(rows()).toMatchObject([{ basis: "reported", tokens: 20 }]);
  });

  test("of yesterday are gone today, those of a task are not", async () => {
    const ledger = await open();
    const caps = limits({ tokensPerDay: 100, tokensPerTask: 150 });
    const late = Date.parse("2027-03-04T23:59:59.999Z");
    expect(ledger.reserve(call(1, "a", late), wanted(100), caps)).toMatchObject({ id: 1 });
    ledger.settle(1, end(100), "reported");
    expect(ledger.reserve(call(1, "b", late), wanted(1), caps)).toMatchObject({
      refused: { limit: { scope: "agent" }, until: "reset" },
    });
    expect(ledger.reserve(call(1, "b", late + 1), wanted(100), caps)).toMatchObject({ id: 2 });
    expect(ledger.reserve(call(1, "c", late + 2), wanted(1), caps)).toHaveProperty("refused");
    const third = ledger.reserve(call(1, "a", late + 86_400_000), wanted(60), caps);
    expect(third).toMatchObject({ refused: { limit: { scope: "task" }, until: "never" } });
  });

  test("without a task are one task", async () => {
    const ledger = await open();
    const caps = limits({ tokensPerTask: 100 });
    expect(ledger.reserve(call(1, null), wanted(60), caps)).toHaveProperty("id");
    expect(ledger.reserve(call(1, null), wanted(60), caps)).toHaveProperty("refused");
    expect(ledger.reserve(call(2, null), wanted(60), caps)).toHaveProperty("id");
  });

  test("news are news once a day, over restarts", async () => {
    expect((await open()).isNews(noon, "warn agent 1 usd")).toBe(true);
    const again = await open();
    expect(again.isNews(noon + 1, "warn agent 1 usd")).toBe(false);
    expect(again.isNews(noon, "warn agent 2 usd")).toBe(true);
    expect(again.isNews(noon + 86_400_000, "warn agent 1 usd")).toBe(true);
  });
});

test("a ledger of an earlier version keeps its rows and gets the new columns", async () => {
  const database = new Sqlite(path);
  database.exec(`CREATE TABLE calls (id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL,
    uid INTEGER NOT NULL, agent TEXT NOT NULL, task_claimed TEXT, alias TEXT NOT NULL,
    model TEXT NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
    cost_usd REAL NOT NULL, status INTEGER NOT NULL, latency_ms INTEGER NOT NULL) STRICT;
    CREATE INDEX calls_by_agent ON calls (agent, at_ms);
    INSERT INTO calls VALUES (1, ${noon}, 1, 'agent-1', 'a', 'smart', 'up/m', 30, 30, 0.06, 200, 5)`);
  database.close();
  const ledger = await open();
  const caps = limits({ tokensPerDay: 100 });
  expect(ledger.reserve(call(1, "b"), wanted(60), caps)).toHaveProperty("refused");
  expect(ledger.reserve(call(1, "b"), wanted(40), caps)).toEqual({ id: 2 });
  expect(rows()).toMatchObject([{ basis: "reported", tokens: 60 }, { basis: "reserved" }]);
});
