import { expect, test } from "vitest";
import { drawer } from "./inside/drawer.mts";
import { type Point, slopeOf } from "./slope.ts";

const draw = drawer(1);
const series = (value: (at: number) => number): Point[] =>
  Array.from({ length: 600 }, (_, index) => ({ at: index, value: value(index) }));
const noise = () => (draw() - 0.5) * 20;

test("a leak is found in noise, and what fills once is none", () => {
  expect(slopeOf(series((at) => 100 + at / 20 + noise()))?.rises).toBe(true);
  expect(slopeOf(series(() => 100 + noise()))?.rises).toBe(false);
  expect(slopeOf(series((at) => Math.min(100, at) + noise()))?.rises).toBe(false);
  expect(slopeOf(series((at) => 200 - at / 20 + noise()))?.rises).toBe(false);
});

test("a sure rise that is small is none", () => {
  expect(slopeOf(series((at) => 1000 + at / 100))?.rises).toBe(false);
  expect(
    slopeOf(
      series((at) => 10 + at / 600),
      1,
    )?.rises,
  ).toBe(false);
  expect(
    slopeOf(
      series((at) => 10 + at / 100),
      1,
    )?.rises,
  ).toBe(true);
});

test("the slope is that of the line, with a bound around it", () => {
  const slope = slopeOf(series((at) => 100 + at / 10));
  expect(slope?.perHour).toBeCloseTo((0.1 * 3600) / (slope?.mean ?? 0));
  expect(slope?.bound).toBeCloseTo(0);
});

test("too few points say nothing", () => {
  expect(slopeOf([{ at: 0, value: 1 }])).toBeNull();
});
