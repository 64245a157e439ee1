/** What `con status` says of today's money, from a ledger that the gateway's own code wrote. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readSpending, spendOfAll, spendOfOne } from "../../src/commands/shared/spend.ts";
import { noBudget } from "../../src/config/authority.ts";
import type { AgentEntry } from "../../src/config/runtime.ts";
import type { Budget } from "../../src/config/types.ts";
import { openLedger } from "../../src/gateway/ledger.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "con-spend-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const noon = Date.parse("2027-03-04T12:00:00Z");
const agent = (name: string, uid: number): AgentEntry => ({
  ...{ name, uid, tier: "worker", description: "", model: "smart" },
  ...{ schedule: null, wake: "path" },
});
const ada = agent("ada", 20_000);
const bob = agent("bob", 20_001);

function configure(system: Partial<Budget>, ofAda: Partial<Budget>): void {
  const caller = ({ uid, name }: AgentEntry, budget: Budget) => ({ uid, name, models: [], budget });
  const callers = [caller(ada, { ...noBudget, ...ofAda }), caller(bob, noBudget)];
  const budget = { ...noBudget, ...system };
  const ledger = join(directory, "ledger.db");
  const compiled = { version: 1, providers: {}, models: {}, ledger, budget, callers };
  mkdirSync(join(directory, "compiled"));
  writeFileSync(join(directory, "compiled/gateway.json"), JSON.stringify(compiled));
}

async function spend(uid: number, name: string, costUsd: number, at = noon): Promise<void> {
  const ledger = await openLedger(join(directory, "ledger.db"));
  ledger.add({
    ...{ at, uid, agent: name, task: null, alias: "smart", model: "up/m" },
    ...{ input: 900, output: 100, costUsd, status: 200, latencyMs: 1 },
  });
  ledger.close();
}

const read = () => readSpending(noon, join(directory, "compiled"));

test("today's sums by agent and in all, with the limits that hold", async () => {
  configure({ usdPerDay: 5 }, { usdPerDay: 2, tokensPerDay: 4000 });
  await spend(20_000, "ada", 1.5);
  await spend(0, "root", 2.1);
  await spend(20_000, "ada", 50, noon - 86_400_000);
  const found = await read();
  expect(found.system).toEqual({
    ...{ day: "2027-03-04", usd: 3.6, tokens: 2000, usd_per_day: 5, tokens_per_day: null },
    with_children: null,
  });
  const agents = [ada, bob].map((one) => ({ name: one.name, spend: found.agent(one) }));
  expect(spendOfAll(found.system, agents)).toBe(
    "\nspent today (UTC): 72 % of 5.00 USD, 2000 tokens\n" +
      "  ada: 75 % of 2.00 USD, 25 % of 4000 tokens\n",
  );
  expect(spendOfOne(agents.slice(1))).toBe("\nspent today (UTC): 0.00 USD, 0 tokens\n");
});

test("what temporary agents spent stands beside an agent's own, and not with a later one of that uid", async () => {
  configure({}, { usdPerDay: 2 });
  await spend(20_000, "ada", 0.5);
  await spend(20_000, "spawn-older", 7);
  const ledger = await openLedger(join(directory, "ledger.db"));
  const payers = [{ uid: 20_000, name: "ada", task: "t" }];
  const child = { at: noon, uid: 30_000, agent: "spawn-x", task: "c", alias: "smart", payers };
  ledger.reserve(child, { input: 100, output: 0, costUsd: 0.25 }, []);
  ledger.reserve({ ...child, at: noon - 86_400_000 }, { input: 9, output: 0, costUsd: 1 }, []);
  ledger.close();
  const found = await read();
  expect(found.agent(ada)).toMatchObject({
    usd: 0.5,
    tokens: 1000,
    with_children: { usd: 0.75, tokens: 1100 },
  });
  expect(found.system).toMatchObject({ usd: 7.75, with_children: null });
  expect(found.agent(bob)).toMatchObject({ usd: 0, with_children: null });
  expect(spendOfOne([{ name: "ada", spend: found.agent(ada) }])).toBe(
    "\nspent today (UTC): 25 % of 2.00 USD, 1000 tokens" +
      " (with children: 37 % of 2.00 USD, 1100 tokens)\n",
  );
});

test("a ledger of an earlier version is read as it is", async () => {
  configure({}, {});
  await spend(20_000, "ada", 0.5);
  const database = new Sqlite(join(directory, "ledger.db"));
  database.exec("DROP TABLE payers");
  database.close();
  expect((await read()).agent(ada)).toMatchObject({ usd: 0.5, with_children: null });
});

test("before the first call nothing is spent; where nobody may look, nothing is known", async () => {
  expect(await read()).toMatchObject({ system: null });
  configure({}, {});
  expect((await read()).system).toMatchObject({ usd: 0, tokens: 0, usd_per_day: null });
  writeFileSync(join(directory, "ledger.db"), "this is no ledger, ".repeat(500));
  const found = await read();
  expect([found.system, found.agent(ada)]).toEqual([null, null]);
  expect(spendOfAll(null, [])).toBe("\nspent today (UTC): ?\n");
});

test("a ledger is read again once somebody wrote to it, or the day is another", async () => {
  configure({}, {});
  await spend(20_000, "ada", 1);
  const place = join(directory, "compiled");
  const first = await readSpending(noon, place);
  expect((await readSpending(noon, place, first.kept)).kept).toBe(first.kept);
  await spend(20_000, "ada", 2);
  const second = await readSpending(noon, place, first.kept);
  expect(second.system?.usd).toBe(3);
  const tomorrow = await readSpending(noon + 86_400_000, place, second.kept);
  expect(tomorrow.system).toMatchObject({ day: "2027-03-05", usd: 0 });
});
