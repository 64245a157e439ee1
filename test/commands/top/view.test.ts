import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { visibleLength } from "../../../src/commands/shared/text.ts";
import { busiestFirst } from "../../../src/commands/top/order.ts";
import { bytes, short, viewOf } from "../../../src/commands/top/view.ts";
import { row, spend, turn } from "./model.ts";

const plain = (_: string, text: string): string => text;
const red = (_: string, text: string): string => `\u001b[31m${text}\u001b[39m`;
const id = "0190a000-0000-7000-8000-000000000001";

const busy = row("ada", {
  ...{ state: "working", task: { id, since: "2027-01-31T11:58:00.000Z" }, step: "shell ok" },
  ...{ pending: 3, active: 1, deferred: null, held: 2 },
  ...{ cpu_usec: 2_500_000, cpu_pct: 87.5, memory_bytes: 120 * 1024 ** 2 },
  spend: spend(0.5, 12_345, { usd_per_day: 2 }),
});

test("one line about the whole, and one for each agent", () => {
  const hold = {
    ...{ kind: "paused" as const, by: "root", at: "2027-01-31T10:00:00.000Z", why: "", undo: "" },
  };
  const shown = turn([busy, row("bob", { state: "paused", hold }), row("cid", { parent: "ada" })], {
    halted: "workers",
    spend: spend(1.5, 900, { tokens_per_day: 5000 }),
    totals: { agents: 3, working: 1, pending: 3, active: 1, deferred: null, held: 2 },
  });
  expect(viewOf(shown, plain, null)).toBe(
    [
      "test: ready, gateway waiting; 1 of 3 agents work; tasks: 3 waiting, 1 under way, ? deferred, 2 held; " +
        "today: 1.50 USD, 900 of 5.0k tokens; workers halted; load 0.50 1.25 2.00, 4 cores; memory 1.5G of 8.0G",
      "",
      "AGENT         STATE    FOR    TASK                                  CPU%  MEM   WAIT  RUN  DEFER  HELD  USD        TOKENS  LAST STEP  TIME",
      `ada           working  2 min  ${id}  87.5  120M  3     1    ?      2     0.50/2.00  12.3k   shell ok   2.5 s`,
      "bob           paused   2 h    -                                     -     -     0     0    0      0     ?          ?       -          -",
      "cid (of ada)  idle     -      -                                     -     -     0     0    0      0     ?          ?       -          -",
      "",
    ].join("\n"),
  );
});

test("limits count an agent together with its temporary ones", () => {
  const children = { usd: 3, tokens: 50 };
  const shown = turn([
    row("ada", { spend: spend(1, 20, { with_children: children, usd_per_day: 4 }) }),
  ]);
  expect(viewOf(shown, plain, null)).toMatch(/^ada .* 3\.00\/4\.00 +50 /m);
});

test("without agents, without isolation, and halted as a whole", () => {
  const shown = turn([], {
    system: { name: "test", isolation: "none", state: "development" },
    halted: "agents",
  });
  const lines = viewOf(shown, plain, null);
  expect(lines).toMatch(/^NO ISOLATION; test: development.*; agents halted; /);
  expect(lines).toContain("no agents; see agents.d");
});

describe("a terminal", () => {
  const many = turn(Array.from({ length: 30 }, (_, index) => row(`agent-${index}`)));

  test("gets lines that fit, the rest counted", () => {
    const lines = viewOf(many, red, { columns: 60, rows: 20 }).trimEnd().split("\n");
    expect(lines).toHaveLength(20);
    for (const line of lines) expect(visibleLength(line)).toBeLessThanOrEqual(60);
    const shown = lines.filter((line) => line.startsWith("agent-")).length;
    expect(lines.at(-1)).toBe(`… and ${30 - shown} more agents`);
  });

  test("gets the beginning of an id that con show takes", () => {
    const of = (id: string) => turn([row("ada", { state: "working", task: { id, since: null } })]);
    const room = { columns: 120, rows: 10 };
    expect(viewOf(of(id), plain, room)).toMatch(/ working +- +0190a000-0000 +-/);
    expect(viewOf(of(`mail-${id}`), plain, room)).toContain(" mail-0190a000-0000-7000… ");
  });

  test("that has room for all shows all", () => {
    const lines = viewOf(many, plain, { columns: 500, rows: 33 }).trimEnd().split("\n");
    expect(lines).toHaveLength(33);
    expect(lines.at(-1)).toMatch(/^agent-29 /);
  });

  test("of any size gets no more than fits, and colours end where they are cut", () => {
    const size = fc.integer({ min: 1, max: 200 });
    fc.assert(
      fc.property(size, size, (columns, rows) => {
        const lines = viewOf(many, red, { columns, rows }).replace(/\n$/, "").split("\n");
        expect(lines.length).toBeLessThanOrEqual(rows);
        for (const line of lines) {
          expect(visibleLength(line)).toBeLessThanOrEqual(columns);
          const last = line.match(/\u001b\[(\d+)m/g)?.at(-1);
          expect([undefined, "\u001b[39m", "\u001b[0m"]).toContain(last);
        }
      }),
      { numRuns: 100 },
    );
  });
});

test("what agents and senders wrote drives no terminal", () => {
  const evil = "evil\u001b[2J\u0007\u009b1m\r\n\u202e";
  const shown = turn(
    [row("ada", { state: "working", task: { id: evil, since: null }, step: evil })],
    {
      system: { name: evil, isolation: "kernel", state: "ready" },
    },
  );
  for (const room of [null, { columns: 400, rows: 50 }]) {
    const text = viewOf(shown, plain, room);
    expect(text.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    expect(text.split("\n").filter((line) => line.includes("evil"))).toHaveLength(2);
  }
});

test("no agent takes the others' columns by long names", () => {
  const long = "\u202ex".repeat(5000);
  const shown = turn([row("ada", { task: { id: long, since: null }, step: long }), row("bob")]);
  for (const room of [null, { columns: 500, rows: 50 }])
    for (const line of viewOf(shown, plain, room).split("\n"))
      expect(visibleLength(line)).toBeLessThan(260);
});

test("who does most stands first", () => {
  const rows = [
    row("idle-b"),
    row("idle-a"),
    row("spent", { spend: spend(0.1, 5) }),
    row("deferred", { deferred: 2 }),
    row("waits", { pending: 1, deferred: null }),
    row("held", { state: "paused", pending: 9 }),
    row("slow", { state: "working", cpu_pct: 1, active: 1 }),
    row("fast", { state: "working", cpu_pct: 150, active: 1 }),
    row("new", { state: "working", active: 1 }),
  ];
  const names = busiestFirst(rows).map(({ name }) => name);
  expect(names).toEqual([
    ...["fast", "slow", "new", "held", "waits", "deferred", "spent", "idle-a", "idle-b"],
  ]);
});

test.each([
  [0, "0", "0K"],
  [999, "999", "1K"],
  [1000, "1.0k", "1K"],
  [999_949, "999.9k", "977K"],
  [999_950, "1.0M", "977K"],
  [1024 * 1024 - 1, "1.0M", "1M"],
  [5 * 1024 ** 3, "5368.7M", "5.0G"],
])("%i is %s tokens, or %s of memory", (count, tokens, memory) => {
  expect([short(count), bytes(count)]).toEqual([tokens, memory]);
});
