import { describe, expect, it } from "vitest";
import * as retry from "../../src/task/retry.ts";

const { minute, nextAttempt } = retry;

describe("coupled constants", () => {
  it("keep their order", () => {
    expect(retry.backoffMs).toEqual([...retry.backoffMs].sort((a, b) => a - b));
    // One wait between each two of the attempts that may fail.
    expect(retry.backoffMs.length).toBe(retry.maxStrikes - 1);
    // A quiet file is noticed while the session still lingers.
    expect(retry.quietMs).toBeLessThan(retry.lingerMs);
    expect(retry.freeCrashes).toBeLessThan(retry.maxStrikes);
    // A temporary name is swept only when its task has long given up.
    const patience = retry.backoffMs.reduce((sum, wait) => sum + wait, 0);
    expect(patience).toBeGreaterThan(150 * minute);
    expect(retry.temporaryMaxAgeMs).toBeGreaterThan(patience);
  });
});

describe("nextAttempt", () => {
  it("waits 1, 5, 25, 125 minutes and then gives up", () => {
    const waits = [0, 1, 2, 3, 4].map((strikes) => nextAttempt(strikes, 1000, null));
    expect(waits).toEqual([
      { kind: "at", ms: 1000 + minute, strikes: 1 },
      { kind: "at", ms: 1000 + 5 * minute, strikes: 2 },
      { kind: "at", ms: 1000 + 25 * minute, strikes: 3 },
      { kind: "at", ms: 1000 + 125 * minute, strikes: 4 },
      { kind: "never", strikes: 5 },
    ]);
  });

  it("does not count a cause that names its time", () => {
    expect(nextAttempt(4, 1000, 9000)).toEqual({ kind: "at", ms: 9000, strikes: 4 });
    expect(nextAttempt(0, 1000, 500)).toEqual({ kind: "at", ms: 1000, strikes: 0 });
  });

  it("gives up as soon as no wait is left, whatever else is true", () => {
    expect(nextAttempt(7, 1000, null)).toEqual({ kind: "never", strikes: 8 });
    expect(nextAttempt(4, 1000, null, new Date(2000).toISOString()).kind).toBe("never");
    // A deadline that has passed is no time to wait for.
    expect(nextAttempt(1, 3000, null, new Date(2000).toISOString())).toMatchObject({ ms: 3000 });
  });

  it("comes back no later than the deadline, to tell that it passed", () => {
    const deadline = new Date(2000).toISOString();
    expect(nextAttempt(0, 1000, null, deadline)).toMatchObject({ ms: 2000 });
    expect(nextAttempt(0, 1000, 1e9, deadline)).toMatchObject({ ms: 2000 });
    expect(retry.expired(deadline, 1999)).toBe(false);
    expect(retry.expired(deadline, 2000)).toBe(true);
    expect(retry.expired(null, 2000)).toBe(false);
  });
});
