import { describe, expect, it } from "vitest";
import { dueContracts } from "../../src/contract/due.ts";
import { contract } from "./support/contracts.ts";

const now = 1_000_000_000;
const due = (
  everySeconds: number | null,
  lastSecondsAgo: number | null,
  manual = false,
): boolean => {
  const last = lastSecondsAgo === null ? [] : [["C", now - lastSecondsAgo * 1000] as const];
  const one = contract("C", { everySeconds, manual });
  return dueContracts([one], new Map(last), now, 60).length === 1;
};

describe("dueContracts", () => {
  it("takes what was never evaluated and what has no time of its own", () => {
    expect(due(3600, null)).toBe(true);
    expect(due(null, 1)).toBe(true);
  });

  it("takes a contract whose time has come, also when the timer fires a little early", () => {
    expect(due(60, 60)).toBe(true);
    expect(due(60, 58.5)).toBe(true);
    expect(due(300, 270)).toBe(true);
    expect(due(300, 269)).toBe(false);
  });

  it("evaluates each turn of an interval once, with a timer that drifts by a second", () => {
    let last = 0;
    let count = 0;
    for (let turn = 0; turn < 50; turn += 1) {
      const at = turn * 60_000 + (turn % 3) * 1000;
      const one = contract("C", { everySeconds: 300 });
      if (dueContracts([one], new Map([["C", last]]), at, 60).length === 0) continue;
      last = at;
      count += 1;
    }
    expect(count).toBe(9);
  });

  it("takes a contract that was evaluated in the future: the clock went back", () => {
    expect(due(3600, -10)).toBe(true);
  });

  it("leaves those that only a person asks for", () => {
    expect(due(null, null, true)).toBe(false);
  });
});
