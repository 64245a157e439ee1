/** No flood of tasks, ever: the bounds that src/contract/incident/intervals.ts states, for any course of events. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Verdict } from "../../src/contract/types.ts";
import { Course, contractOf, failing, minute, pass, skipped } from "./incident-support.ts";

const day = 24 * 60;
const verdicts: readonly (Verdict | null)[] = [
  pass,
  failing("a"),
  failing("b"),
  failing("c"),
  { state: "error", why: "no answer" },
  skipped,
  null,
];

/** Runs of the same verdict, from a minute to some hours, three days of them. */
const course = fc
  .array(
    fc.tuple(
      fc.integer({ min: 0, max: verdicts.length - 1 }),
      fc.oneof(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 5, max: 70 }),
        fc.integer({ min: 50, max: 300 }),
      ),
    ),
    { minLength: 1, maxLength: 200 },
  )
  .map((runs) => {
    const minutes: (Verdict | null)[] = [];
    for (let n = 0; minutes.length < 3 * day; n += 1) {
      const [which, length] = runs[n % runs.length] ?? [0, 1];
      for (let m = 0; m < length; m += 1) minutes.push(verdicts[which] ?? null);
    }
    return minutes.slice(0, 3 * day);
  });

function play(minutes: readonly (Verdict | null)[], after = 1): Course {
  const played = new Course(contractOf("A", { after, action: "reapply" }));
  for (const verdict of minutes) played.run(1, verdict);
  return played;
}

/** The most that lie within `window` minutes. */
const most = (times: readonly number[], window: number): number =>
  Math.max(
    0,
    ...times.map((from) => times.filter((at) => at >= from && at < from + window).length),
  );

describe("whatever a check says in three days", () => {
  test("one incident is told at most 10 times in a day, and a check 3 times in 92 minutes", () => {
    fc.assert(
      fc.property(course, fc.integer({ min: 1, max: 3 }), (minutes, after) => {
        const { told, minutesTold } = play(minutes, after);
        for (const id of new Set(told.map((one) => one.id))) {
          const own = minutesTold.filter((_, index) => told[index]?.id === id);
          expect(most(own, day)).toBeLessThanOrEqual(10);
          expect(own.length).toBeLessThanOrEqual(10 + 2 * 6);
          const gaps = own.slice(1).map((at, index) => at - (own[index] ?? 0));
          expect(Math.min(10, ...gaps)).toBeGreaterThanOrEqual(10);
        }
        expect(told.length).toBeLessThanOrEqual(3 * Math.ceil((3 * day) / 92) + 3);
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  test("a new incident is told at once, and there is never more than one", () => {
    fc.assert(
      fc.property(course, (minutes) => {
        const played = new Course(contractOf("A"));
        for (const verdict of minutes) {
          const before = played.told.length;
          const { opened } = played.step(verdict);
          expect(played.told.length - before).toBeGreaterThanOrEqual(opened.length);
          expect(played.incidents.length).toBeLessThanOrEqual(1);
          played.now += minute;
        }
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});

describe("the worst that is known", () => {
  const repeat = (...runs: readonly [Verdict, number][]): Verdict[] => {
    const round = runs.flatMap(([verdict, length]) => Array<Verdict>(length).fill(verdict));
    return Array.from({ length: 3 * day }, (_, n) => round[n % round.length] ?? pass);
  };

  test("failing every other minute: ten times in the first day", () => {
    const { minutesTold } = play(repeat([failing(), 1], [pass, 1]));
    expect(minutesTold.filter((at) => at < day)).toHaveLength(10);
    expect(minutesTold.filter((at) => at >= day && at < 2 * day)).toHaveLength(6);
  });

  test("other evidence every minute: no more than that", () => {
    const { minutesTold } = play(repeat([failing("a"), 1], [failing("b"), 1]));
    expect(minutesTold.filter((at) => at < day).length).toBeLessThanOrEqual(10);
  });

  test("mended for just over an hour after each word: 3 in 93 minutes", () => {
    const round = repeat([failing("a"), 5], [failing("b"), 20], [failing("c"), 6], [pass, 62]);
    const { told } = play(round);
    expect(told.length).toBeLessThanOrEqual(3 * Math.ceil((3 * day) / 92) + 3);
    expect(told.length).toBeGreaterThan(90);
  });
});
