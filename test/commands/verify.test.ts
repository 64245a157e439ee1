import { expect, test } from "vitest";
import { verdict } from "../../src/commands/verify.ts";

test.each([
  [0, 0, "no drift"],
  [1, 0, "1 difference; con bootstrap mends it"],
  [3, 0, "3 differences; con bootstrap mends them"],
  [0, 1, "no drift of configuration; 1 layer or shared tool changed or damaged: see above"],
  [0, 2, "no drift of configuration; 2 layers or shared tools changed or damaged: see above"],
  [
    1,
    2,
    "1 difference; con bootstrap mends it; 2 layers or shared tools changed or damaged: see above",
  ],
])("%i differences and %i findings: %s", (drift, kept, said) => {
  expect(verdict(drift, kept)).toBe(said);
});
