/** What agents are told of checks that turned from holding to failing. */
import { expect, test } from "vitest";
import { turnsIn, writeOutcomes } from "../../src/contract/outcomes.ts";
import type { Result, Verdict } from "../../src/contract/types.ts";
import { outcomesPath, readTurns } from "../../src/system/turns.ts";
import { MemoryDisk } from "../spool/support/memory-disk.ts";

const pass: Verdict = { state: "pass", found: "fine" };
const fail = (agents: readonly string[] = []): Verdict => ({
  ...{ state: "fail", found: "secret found", key: "k", remedy: null, agents },
});
const result = (verdict: Verdict, at: number, rest: Partial<Result> = {}): Result => ({
  ...{
    contract: "WEB-1",
    check: "home",
    severity: "high",
    verdict,
    at,
    durationMs: 1,
    agent: null,
  },
  onFail: {
    action: "alert",
    escalate: null,
    message: "away; api_key=sk-abcdefghijklmnop1234",
    after: 1,
  },
  ...rest,
});

test("a check that held and fails now is told to the agents that it names, with the author's words alone", () => {
  const [turn, ...rest] = turnsIn([result(pass, 1)], [result(fail(["desk", "web"]), 2)]);
  expect(rest).toEqual([]);
  expect(turn).toMatchObject({ contract: "WEB-1", passed: 1, failed: 2, agents: ["desk", "web"] });
  expect(JSON.stringify(turn)).not.toMatch(/secret found|abcdefghijklmnop/);
  const own = { agent: "desk" };
  expect(turnsIn([result(pass, 1, own)], [result(fail(), 2, own)])).toMatchObject([
    { agents: ["desk"] },
  ]);
});

test("what failed before, was not made, or was not looked at again is no turn", () => {
  const error: Verdict = { state: "error", why: "no answer" };
  expect(turnsIn([result(fail(), 1)], [result(fail(), 2)])).toEqual([]);
  expect(turnsIn([result(pass, 1)], [result(error, 2)])).toEqual([]);
  expect(turnsIn([result(error, 1)], [result(fail(), 2)])).toEqual([]);
  expect(turnsIn([], [result(fail(), 2)])).toEqual([]);
});

test("each agent has its own file, of the latest twenty; what cannot be written is said", () => {
  const memory = new MemoryDisk(["/o/desk", "/o/web"]);
  const disk = memory.disk();
  const agents = [{ name: "desk" }, { name: "web" }, { name: "gone" }];
  const turns = (from: number, count: number, names: readonly string[]) =>
    Array.from({ length: count }, (_, n) => ({
      ...{ contract: "C", check: "c", message: "m", passed: from + n, failed: from + n + 1 },
      agents: names,
    }));
  expect(writeOutcomes(disk, turns(0, 15, ["desk"]), agents, "/o")).toEqual([]);
  expect(writeOutcomes(disk, turns(100, 15, ["desk", "gone"]), agents, "/o")).toEqual([
    expect.stringContaining("gone could not be told"),
  ]);
  const told = readTurns(disk, outcomesPath("desk", "/o"));
  expect(told).toHaveLength(20);
  expect(told.at(-1)).toEqual({
    contract: "C",
    check: "c",
    message: "m",
    passed: 114,
    failed: 115,
  });
  expect(readTurns(disk, outcomesPath("web", "/o"))).toEqual([]);
});
