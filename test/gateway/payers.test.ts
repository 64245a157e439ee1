/**
 * The calls of temporary agents count for all their ancestors: random families, limits and histories in a real
 * ledger, held against sums that are made here from nothing but the rows of calls.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { noBudget } from "../../src/config/authority.ts";
import type { Budget } from "../../src/config/types.ts";
import { type Limit, limitsOf, type Refusal } from "../../src/gateway/budget.ts";
import { type Ledger, type LedgerEnd, openLedger } from "../../src/gateway/ledger.ts";
import { refusalFor } from "../../src/gateway/refusal.ts";

let directory: string;
let handles: Ledger[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "con-payers-"));
});
afterEach(() => {
  for (const handle of handles) handle.close();
  handles = [];
  rmSync(directory, { recursive: true, force: true });
});

const open = async (name: string): Promise<Ledger> => {
  const ledger = await openLedger(join(directory, name));
  handles.push(ledger);
  return ledger;
};

const noon = Date.parse("2027-03-04T12:00:00Z");
const dayMs = 86_400_000;
const wanted = (tokens: number) => ({ input: tokens, output: 0, costUsd: tokens / 1000 });
const end = (tokens: number): LedgerEnd => ({
  ...wanted(tokens),
  ...{ model: "up/m", status: 200, latencyMs: 1 },
});

/** A member of a family: the first are agents with a manifest, the others were spawned. */
interface Member {
  readonly uid: number;
  readonly name: string;
  /** Nearest first. */
  readonly above: readonly Member[];
  readonly budget: Budget;
}

/** The task of an ancestor that waits for those below it. */
const waiting = "waits";

function callOf({ uid, name, above }: Member, task: string, at: number) {
  const payers = above.map((one) => ({ ...one, task: waiting }));
  return { at, uid, agent: name, task, alias: "smart", payers };
}

const limitsFor = ({ budget, above }: Member, system: Partial<Budget>): readonly Limit[] =>
  limitsOf(
    budget,
    { ...noBudget, ...system },
    above.map((one) => one.budget),
  );

const amount = (max: number) => fc.option(fc.integer({ min: 10, max }), { nil: null });
const budgets = fc.record({
  tokensPerDay: amount(150),
  usdPerTask: amount(120).map((thousandth) => thousandth && thousandth / 1000),
  tokensPerTask: amount(120),
  askTokensPerTask: amount(60),
});
/** Of each the number of its parent; a temporary agent has a uid that others have too. */
const families = fc
  .array(fc.tuple(fc.nat(), budgets), { minLength: 3, maxLength: 7, size: "max" })
  .map((drawn) => {
    const all: Member[] = [];
    for (const [n, [from, budget]] of drawn.entries()) {
      const parent = n < 2 ? undefined : all[from % n];
      const above = parent === undefined ? [] : [parent, ...parent.above];
      const uid = parent === undefined ? 20_000 + n : 30_000 + (n % 2);
      all.push({ uid, name: `m-${n}`, above, budget: { ...noBudget, ...budget } });
    }
    return all;
  });
const steps = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant("call" as const),
        who: fc.nat(),
        task: fc.constantFrom(waiting, "other"),
        tokens: fc.integer({ min: 0, max: 50 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("end" as const),
        which: fc.nat(),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    },
    fc.record({ kind: fc.constant("again" as const), which: fc.nat() }),
    fc.record({ kind: fc.constant("allow" as const), who: fc.nat(), slices: fc.nat({ max: 3 }) }),
    fc.constant({ kind: "kill" as const }),
    fc.constant({ kind: "day" as const }),
  ),
  { minLength: 20, maxLength: 60, size: "max" },
);

interface Made {
  readonly id: number;
  readonly who: Member;
  readonly task: string;
  readonly at: number;
  readonly one: number;
  /** What is reserved for it. */
  most: number;
  isOpen: boolean;
}

const isBelow = (row: Made, who: Member): boolean => row.who.above.includes(who);
const isFor = (row: Made, who: Member, task: string): boolean =>
  who.above.length > 0
    ? row.who === who || isBelow(row, who)
    : row.who === who
      ? row.task === task
      : isBelow(row, who) && task === waiting;

interface History {
  readonly family: readonly Member[];
  readonly made: readonly Made[];
  readonly allowed: ReadonlyMap<string, number>;
  /** Of the whole system, a day. */
  readonly all: number;
}

/** Nothing of anybody is exceeded, by the rows of calls alone. */
function check(looking: Sqlite.Database, { family, made, allowed, all }: History): void {
  const rows = looking
    .prepare("SELECT id, input_tokens AS n FROM calls ORDER BY id")
    .all() as Row[];
  expect(rows.map(({ id }) => id)).toEqual(made.map(({ id }) => id));
  const tokens = new Map(rows.map(({ id, n }) => [id, n]));
  const sum = (which: (row: Made) => boolean): number =>
    made.filter(which).reduce((total, { id }) => total + (tokens.get(id) ?? Number.NaN), 0);
  const days = new Set(made.map((row) => row.at));
  for (const day of days) expect(sum((row) => row.at === day)).toBeLessThanOrEqual(all);
  for (const who of family) {
    const { tokensPerDay, tokensPerTask, usdPerTask, askTokensPerTask } = who.budget;
    const ofDay = (day: number) => (row: Made) =>
      row.at === day && (row.who === who || isBelow(row, who));
    for (const day of days) expect(sum(ofDay(day))).toBeLessThanOrEqual(tokensPerDay ?? Infinity);
    for (const task of [waiting, "other"]) {
      const spent = sum((row) => isFor(row, who, task));
      expect(spent).toBeLessThanOrEqual(tokensPerTask ?? Infinity);
      expect(spent).toBeLessThanOrEqual((usdPerTask ?? Infinity) * 1000 + 1e-4);
      const isAllowed = task === waiting || who.above.length > 0;
      const slices = isAllowed ? (allowed.get(who.name) ?? 0) : 0;
      expect(spent).toBeLessThanOrEqual((askTokensPerTask ?? Infinity) * (1 + slices));
    }
  }
}

test("no limit of anybody is ever exceeded, and the rows are all there is", async () => {
  let run = 0;
  const refusedAbove = new Set<Refusal["until"]>();
  await fc.assert(
    fc.asyncProperty(families, steps, fc.integer({ min: 60, max: 400 }), async (...drawn) => {
      const [family, history, all] = drawn;
      run += 1;
      const name = `${run}.db`;
      let ledger = await open(name);
      const looking = new Sqlite(join(directory, name), { readonly: true });
      const system = { tokensPerDay: all };
      const made: Made[] = [];
      const allowed = new Map<string, number>();
      let at = noon;
      let real = 0;
      const member = (n: number): Member => family[n % family.length] as Member;
      for (const step of history) {
        const under = made.filter(({ isOpen }) => isOpen);
        const found = "which" in step ? under[step.which % (under.length || 1)] : undefined;
        if (step.kind === "call") {
          const who = member(step.who);
          const call = callOf(who, step.task, at);
          const limits = limitsFor(who, system);
          const result = ledger.reserve(call, wanted(step.tokens), limits);
          if ("id" in result) {
            const { tokens, task } = step;
            made.push({ id: result.id, who, task, at, one: tokens, most: tokens, isOpen: true });
          } else if (result.refused.limit.generation > 0) refusedAbove.add(result.refused.until);
        } else if (step.kind === "end" && found !== undefined) {
          const used = Math.floor(found.most * step.share);
          ledger.settle(found.id, end(used), "reported");
          found.isOpen = false;
          real += used;
        } else if (step.kind === "again" && found !== undefined) {
          const { who, task, one } = found;
          const call = callOf(who, task, found.at);
          if (ledger.extend(found.id, call, wanted(one), limitsFor(who, system)) === null)
            found.most += one;
        } else if (step.kind === "allow" && step.slices > 0) {
          const { uid, name: of } = member(step.who);
          const holder = { uid, name: of, task: waiting };
          const now = ledger.allow({ holder, unit: "tokens", slices: step.slices });
          expect(now).toBe(Math.max(step.slices, allowed.get(of) ?? 0));
          allowed.set(of, now);
        } else if (step.kind === "kill") {
          for (const one of under) {
            one.isOpen = false;
            real += one.most;
          }
          ledger = await open(name);
        } else if (step.kind === "day") at += dayMs;

        check(looking, { family, made, allowed, all });
      }
      for (const { id, isOpen, most } of made)
        if (isOpen) {
          ledger.settle(id, end(most), "reported");
          real += most;
        }
      const [row] = looking.prepare("SELECT total(input_tokens) AS n, 0 AS id FROM calls").all();
      expect((row as Row).n).toBe(real);
      looking.close();
    }),
    { numRuns: 40 },
  );
  expect(refusedAbove.size).toBeGreaterThan(1);
});

interface Row {
  readonly id: number;
  readonly n: number;
}

const researcher: Member = {
  ...{ uid: 20_000, name: "researcher", above: [] },
  budget: { ...noBudget, tokensPerDay: 100, askTokensPerTask: 50 },
};
const scraper: Member = {
  ...{ uid: 30_000, name: "spawn-one", above: [researcher], budget: noBudget },
};

describe("a call of a temporary agent", () => {
  test("beyond the day of who spawned it says whose day that is", async () => {
    const ledger = await open("l.db");
    const limits = limitsFor(scraper, {}).filter(({ ask }) => !ask);
    ledger.reserve(callOf(researcher, waiting, noon), wanted(60), []);
    ledger.settle(1, end(60), "reported");
    const call = callOf(scraper, "c", noon);
    const made = ledger.reserve(call, wanted(41), limits);
    if (!("refused" in made)) throw new Error("it was let through");
    expect(refusalFor(made.refused, call, noon)).toMatchObject({
      status: 402,
      message: expect.stringMatching(
        /60 tokens of 100 tokens are spent for researcher, which spawned you, today.*raise budget\.tokens_per_day of researcher, which spawned you/,
      ),
      budget: { scope: "agent", agent: "researcher" },
    });
    expect(ledger.reserve(call, wanted(40), limits)).toEqual({ id: 2 });
  });

  test("beyond what people let its parent's task spend names agent, task and slice", async () => {
    const ledger = await open("l.db");
    const limits = limitsFor(scraper, {}).filter(({ ask }) => ask);
    const call = callOf(scraper, "c", noon);
    const asked = (tokens: number) => {
      const made = ledger.reserve(call, wanted(tokens), limits);
      return "refused" in made ? refusalFor(made.refused, call, noon) : made.id;
    };
    expect(asked(51)).toMatchObject({
      status: 402,
      approval: {
        ...{ agent: "researcher", task: waiting, unit: "tokens", limit: 50, spent: 0, wanted: 51 },
        ...{ allowed: 0, slice: 1 },
      },
    });
    expect(asked(151)).toMatchObject({ approval: { slice: 3 } });
    const holder = { uid: researcher.uid, name: "researcher", task: waiting };
    expect(ledger.allow({ holder, unit: "tokens", slices: 3 })).toBe(3);
    expect(ledger.allow({ holder, unit: "tokens", slices: 1 })).toBe(3);
    expect(asked(151)).toBe(1);
    // While it is under way nobody needs to be asked: it may use less.
    expect(asked(50)).toMatchObject({ status: 429 });
    ledger.settle(1, end(151), "reported");
    expect(asked(50)).toMatchObject({ approval: { allowed: 3, slice: 4, spent: 151 } });
    const again = await open("l.db");
    expect(again.reserve(call, wanted(49), limits)).toEqual({ id: 2 });
  });

  test("counts for its own whole share, whatever task it names", async () => {
    const ledger = await open("l.db");
    const child = { ...scraper, budget: { ...noBudget, tokensPerTask: 60 } };
    const limits = limitsFor(child, {}).filter(({ generation }) => generation === 0);
    expect(ledger.reserve(callOf(child, "one", noon), wanted(40), limits)).toEqual({ id: 1 });
    expect(ledger.reserve(callOf(child, "two", noon), wanted(40), limits)).toHaveProperty(
      "refused",
    );
    const later = { ...child, name: "spawn-two" };
    expect(ledger.reserve(callOf(later, "two", noon), wanted(40), limits)).toEqual({ id: 2 });
  });
});

test("a ledger of an earlier version gets the new tables and keeps its rows", async () => {
  const first = await open("l.db");
  first.reserve(callOf(researcher, waiting, noon), wanted(60), []);
  const database = new Sqlite(join(directory, "l.db"));
  database.exec("DROP TABLE payers; DROP TABLE allowances; DROP INDEX calls_by_spender");
  database.close();
  const ledger = await open("l.db");
  const limits = limitsFor(scraper, {}).filter(({ ask }) => !ask);
  const call = callOf(scraper, "c", noon);
  expect(ledger.reserve(call, wanted(41), limits)).toHaveProperty("refused");
  expect(ledger.reserve(call, wanted(40), limits)).toEqual({ id: 2 });
});
