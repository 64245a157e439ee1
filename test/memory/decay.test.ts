/** How confidence goes down with time. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  confidenceAt,
  fadedBefore,
  freshnessAt,
  halfLives,
  touched,
} from "../../src/memory/decay.ts";
import { kinds, provenances } from "../../src/memory/types.ts";
import { day } from "./support/world.ts";

const fact = {
  kind: "fact",
  provenance: "observed",
  confidence: 0.8,
  updated: 0,
  lastUsed: null,
} as const;

describe("confidence", () => {
  test("halves with each half-life, down to a quarter", () => {
    expect(confidenceAt(fact, 0)).toBeCloseTo(0.8);
    expect(confidenceAt(fact, halfLives.fact)).toBeCloseTo(0.4);
    expect(confidenceAt(fact, 2 * halfLives.fact)).toBeCloseTo(0.2);
    expect(confidenceAt(fact, 50 * halfLives.fact)).toBeCloseTo(0.2);
  });

  test("counts from the last use", () => {
    expect(confidenceAt({ ...fact, lastUsed: halfLives.fact }, halfLives.fact)).toBeCloseTo(0.8);
  });

  test("of what is verified stays, whatever time it is", () => {
    fc.assert(
      fc.property(fc.constantFrom(...kinds), fc.nat(), (kind, now) => {
        expect(confidenceAt({ ...fact, kind, provenance: "verified" }, now * day)).toBe(0.8);
      }),
    );
  });

  test("never rises with time, never passes what was stored, also when the clock goes back", () => {
    const any = fc.record({
      kind: fc.constantFrom(...kinds),
      provenance: fc.constantFrom(...provenances),
      confidence: fc.double({ min: 0, max: 1, noNaN: true }),
      updated: fc.nat(),
      lastUsed: fc.option(fc.nat()),
    });
    fc.assert(
      fc.property(any, fc.nat(), fc.nat(), (memory, now, later) => {
        const first = confidenceAt(memory, now);
        expect(first).toBeLessThanOrEqual(memory.confidence);
        expect(confidenceAt(memory, now + later)).toBeLessThanOrEqual(first);
      }),
    );
  });
});

test("freshness halves in a month", () => {
  expect(freshnessAt(fact, 30 * day)).toBeCloseTo(0.5);
});

test("a memory fades after eight half-lives without change or use", () => {
  expect(fadedBefore("observation", 300 * day)).toBe(60 * day);
  expect(touched({ updated: 5, lastUsed: 9 })).toBe(9);
});
