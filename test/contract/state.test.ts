import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  carryOver,
  emptyState,
  type HealthState,
  readState,
  writeState,
} from "../../src/contract/state.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { contractOf, failing, incidentOf, pass, resultOf, skipped } from "./incident-support.ts";

function place(): string {
  const directory = mkdtempSync(join(tmpdir(), "con-state-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "state.json");
}

const contract = contractOf("A");
const full: HealthState = {
  ...emptyState,
  lastStarted: { A: 1 },
  memory: { "A/check": { deep: [1] } },
  results: [
    resultOf(contract, failing("x", ["a"])),
    resultOf(contract, pass),
    resultOf(contract, skipped),
  ],
  incidents: [
    incidentOf({ actions: [{ at: 1, action: "reapply", agents: [], request: "r", key: "k" }] }),
    incidentOf({ state: "closed", closedAt: 2, closedWhy: "x", lastEscalatedAt: 1 }),
  ],
  historyHead: { seq: 7, hash: "ab".repeat(32) },
  summary: { at: 1, of: "x" },
  counters: { escalations: 3, actions: { reapply: 2 } },
};

describe("the state", () => {
  test("comes back as it was, and is root's alone", () => {
    const path = place();
    expect(readState(nodeDisk, path)).toEqual({ state: emptyState, problem: null });
    writeState(nodeDisk, path, full);
    expect(readState(nodeDisk, path)).toEqual({ state: full, problem: null });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test.each([
    ["", "no JSON"],
    ["{", "no JSON"],
    ["null", "not what we wrote"],
    ["[]", "not what we wrote"],
    [JSON.stringify({ ...full, version: 2 }), "not what we wrote"],
    [JSON.stringify({ ...full, incidents: [{}] }), "not what we wrote"],
    [JSON.stringify({ ...full, counters: null }), "not what we wrote"],
    [JSON.stringify({ ...full, historyHead: { seq: -1, hash: "x" } }), "not what we wrote"],
    [JSON.stringify({ ...full, lastStarted: { A: "soon" } }), "not what we wrote"],
  ])("of %j begins anew and says so", (text, why) => {
    const path = place();
    writeFileSync(path, text);
    const { state, problem } = readState(nodeDisk, path);
    expect(state).toEqual(emptyState);
    expect(problem).toContain("was damaged");
    expect(problem).toContain(why);
  });

  test("with any part replaced is refused or harmless, never a crash", () => {
    const path = place();
    writeState(nodeDisk, path, full);
    const text = readFileSync(path, "utf8");
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.nat(40),
        fc.string({ maxLength: 5 }),
        (at, cut, put) => {
          writeFileSync(path, text.slice(0, at) + put + text.slice(at + cut));
          const { state } = readState(nodeDisk, path);
          for (const { actions, onFail } of state.incidents)
            expect(actions.length + onFail.message.length).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });

  test("takes a missing part of each incident for damage", () => {
    const path = place();
    for (const key of Object.keys(incidentOf())) {
      const { [key]: _, ...rest } = incidentOf() as unknown as Record<string, unknown>;
      writeFileSync(path, JSON.stringify({ ...full, incidents: [rest] }));
      expect(readState(nodeDisk, path).problem, key).not.toBeNull();
    }
  });
});

test("what belongs to no check any more is not carried over, and new results replace old ones", () => {
  const state = {
    ...full,
    lastStarted: { A: 1, GONE: 2 },
    memory: { "A/check": 1, "A/gone": 2, "GONE/check": 3 },
    results: [resultOf(contract, failing()), resultOf(contractOf("GONE"), failing())],
  };
  const set = { contracts: [contract], bad: [] };
  expect(carryOver(state, set, [resultOf(contract, pass)])).toEqual({
    lastStarted: { A: 1 },
    memory: { "A/check": 1 },
    results: [resultOf(contract, pass)],
  });
  expect(carryOver(state, set, []).results).toEqual([resultOf(contract, failing())]);
});
