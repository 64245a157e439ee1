/** ledger_intact, upstream_success, budget_left on ledgers made by the gateway's own code. */
import fs from "node:fs";
import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type LedgerRow, openLedger } from "../../../../src/gateway/ledger.ts";
import { Bed, minutes } from "./support.ts";

let bed: Bed;
beforeEach(() => {
  bed = new Bed();
});
afterEach(() => bed.remove());

const row = (change: Partial<LedgerRow> = {}): LedgerRow => ({
  at: bed.now,
  uid: 20_000,
  agent: "ada",
  task: null,
  alias: "fast",
  model: "up/m1",
  input: 1,
  output: 1,
  costUsd: 0,
  status: 200,
  latencyMs: 1,
  ...change,
});

async function add(...rows: readonly LedgerRow[]): Promise<void> {
  const ledger = await openLedger(bed.places.ledger);
  for (const one of rows) ledger.add(one);
  ledger.close();
}

function change(sql: string): void {
  const database = new Sqlite(bed.places.ledger);
  database.exec(sql);
  database.close();
}

describe("ledger_intact", () => {
  const ask = () => bed.ask("ledger_intact", {});

  test("is skipped without a ledger, green with one, and leaves nothing beside it", async () => {
    expect(await ask()).toMatchObject({ state: "skipped" });
    await add(row(), row(), row());
    const before = fs.readdirSync(bed.directory);
    expect(await ask()).toMatchObject({ state: "pass" });
    expect(await ask()).toMatchObject({ state: "pass" });
    expect(fs.readdirSync(bed.directory)).toEqual(before);
  });

  test("reads a ledger in use, with the rows that are only in its log", async () => {
    const ledger = await openLedger(bed.places.ledger);
    ledger.add(row());
    ledger.add(row());
    expect(await ask()).toMatchObject({ state: "pass", found: "2 rows without a gap" });
    ledger.add(row());
    ledger.close();
    expect(await ask()).toMatchObject({ state: "pass", found: "3 rows without a gap" });
  });

  test.each([
    ["a deleted row in the middle", "DELETE FROM calls WHERE id = 2", "ledger:gap"],
    ["a deleted first row", "DELETE FROM calls WHERE id = 1", "ledger:gap"],
    ["deleted last rows", "DELETE FROM calls WHERE id > 1", "ledger:shrunk"],
    ["a row that was exchanged", "UPDATE calls SET at_ms = 7 WHERE id = 3", "ledger:changed"],
  ])("%s is red and stays so", async (_, sql, key) => {
    await add(row(), row(), row());
    expect(await ask()).toMatchObject({ state: "pass" });
    change(sql);
    expect(await ask()).toMatchObject({ state: "fail", key });
    expect(await ask()).toMatchObject({ state: "fail", key });
  });

  test("a damaged file is red; moved aside, the new one is reported once", async () => {
    await add(row(), row());
    expect(await ask()).toMatchObject({ state: "pass" });
    const bytes = fs.readFileSync(bed.places.ledger);
    fs.writeFileSync(bed.places.ledger, bytes.fill(7, 4096));
    expect(await ask()).toMatchObject({ state: "fail", key: "ledger:damaged" });
    fs.renameSync(bed.places.ledger, `${bed.places.ledger}.old`);
    await add(row());
    expect(await ask()).toMatchObject({ state: "fail", key: "ledger:new" });
    expect(await ask()).toMatchObject({ state: "pass" });
  });

  test("a ledger that is gone is red once", async () => {
    await add(row());
    expect(await ask()).toMatchObject({ state: "pass" });
    fs.unlinkSync(bed.places.ledger);
    expect(await ask()).toMatchObject({ state: "fail", key: "ledger:gone" });
    expect(await ask()).toMatchObject({ state: "skipped" });
  });
});

test("a large ledger is read row by row, a part each time, and damage in it is found", async () => {
  await add(row());
  // 3 kB a row: more than 64 MiB with few of them.
  change(`INSERT INTO calls (at_ms, uid, agent, alias, model, input_tokens, output_tokens, cost_usd,
    status, latency_ms) WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 24000)
    SELECT x, 20000, 'ada', 'fast', printf('%3000d', x), 1, 1, 0, 200, 1 FROM n`);
  change("VACUUM");
  const ask = () => bed.ask("ledger_intact", {});
  expect(await ask()).toMatchObject({ state: "pass", found: "24001 rows without a gap" });
  const file = fs.openSync(bed.places.ledger, "r+");
  fs.writeSync(file, Buffer.alloc(64 << 10, 7), 0, 64 << 10, 32 << 20);
  fs.closeSync(file);
  expect(await ask()).toMatchObject({ state: "fail", key: "ledger:damaged" });
}, 20_000);

describe("upstream_success", () => {
  const ask = () => bed.ask("upstream_success", { min_pct: 50, window_min: 15, min_calls: 3 });
  const many = (count: number, one: Partial<LedgerRow>) =>
    Array.from({ length: count }, () => row(one));

  test("is red when most calls fail, names model and status, and green when they are old", async () => {
    await add(...many(2, {}), ...many(3, { model: "up/m2", status: 503 }), row({ status: 429 }));
    const verdict = await ask();
    expect(verdict).toMatchObject({ state: "fail", key: "upstream:up/m2:503" });
    expect((verdict as { found: string }).found).toContain("33.3 % of 6");
    bed.now += 16 * minutes;
    expect(await ask()).toMatchObject({ state: "pass" });
  });

  test("too few calls, and what callers did wrong, tell nothing", async () => {
    await add(
      ...many(2, { status: 500 }),
      ...many(5, { status: 400 }),
      ...many(5, { status: 499 }),
    );
    expect(await ask()).toMatchObject({ state: "pass", found: "too few calls to tell: 2" });
  });

  test("calls under way tell nothing yet", async () => {
    const ledger = await openLedger(bed.places.ledger);
    for (let made = 0; made < 4; made += 1)
      ledger.reserve(row(), { input: 1, output: 1, costUsd: 0 }, []);
    ledger.close();
    expect(await ask()).toMatchObject({ found: "too few calls to tell: 0" });
  });

  test("builtin/reflex counts only where it stands in for a provider", async () => {
    await add(...many(5, { model: "builtin/reflex" }));
    expect(await ask()).toMatchObject({ state: "pass", found: "too few calls to tell: 0" });
    const gateway = { version: 1, models: { fast: { use: ["up/m1", "builtin/reflex"] } } };
    bed.write("compiled/gateway.json", JSON.stringify(gateway));
    expect(await ask()).toMatchObject({ state: "fail" });
  });
});

describe("budget_left", () => {
  const ask = (usd: number | null) => bed.ask("budget_left", { usd_per_day: usd, min_pct: 10 });

  test("counts what is reserved, and less when the call cost less", async () => {
    const { at, uid, agent, task, alias } = row();
    const ledger = await openLedger(bed.places.ledger);
    const call = { at, uid, agent, task, alias };
    ledger.reserve(call, { input: 1, output: 1, costUsd: 9.5 }, []);
    expect(await ask(10)).toMatchObject({ state: "fail" });
    ledger.settle(1, row({ costUsd: 2 }), "reported");
    expect(await ask(10)).toMatchObject({ found: expect.stringContaining("2.00 of 10.00") });
    ledger.close();
  });

  test("counts today's money only, adds new rows, and follows the limit", async () => {
    expect(await ask(null)).toMatchObject({ state: "skipped" });
    bed.now = Date.parse("2027-01-02T12:00:00Z");
    await add(row({ at: Date.parse("2027-01-01T23:59:00Z"), costUsd: 100 }), row({ costUsd: 5 }));
    expect(await ask(10)).toMatchObject({ state: "pass" });
    await add(row({ costUsd: 4.5 }));
    const verdict = await ask(10);
    expect(verdict).toMatchObject({ state: "fail", key: "budget" });
    expect((verdict as { found: string }).found).toContain("9.50 of 10.00");
    expect(await ask(20)).toMatchObject({ state: "pass" });
    bed.now += 24 * 60 * minutes;
    expect(await ask(10)).toMatchObject({ state: "pass", found: expect.stringContaining("0.00") });
  });
});
