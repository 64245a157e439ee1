/** Senders, floods, cuts, clocks: at the end each task that was taken has ended once. */
import { expect, it } from "vitest";
import { createModel } from "./model.ts";
import { checkSequences } from "./property.ts";

it("accounts for every task", async () => {
  const seen = await checkSequences(100, 4711);
  expect(seen.sequences).toBe(100);
  // The property says something only when all of it happened.
  for (const status of ["done", "failed", "cancelled"])
    expect(seen.ends.get(status), status).toBeGreaterThan(0);
  expect(seen.cuts).toBeGreaterThan(50);
});

it("has a model that sees what is lost, twice, wrong and nobody's", () => {
  const model = createModel();
  model.sent("a", "done", true);
  model.sent("b", "fails", false);
  expect(model.troubleWith(new Map([["a", ["done"]]]))).toBeNull();
  expect(model.troubleWith(new Map())).toContain("lost");
  expect(model.troubleWith(new Map([["a", ["done", "done"]]]))).toContain("2 times");
  expect(model.troubleWith(new Map([["a", ["cancelled"]]]))).toContain("may be done");
  expect(
    model.troubleWith(
      new Map([
        ["a", ["done"]],
        ["c", ["done"]],
      ]),
    ),
  ).toContain("nobody");
  model.cancelled("a");
  expect(model.troubleWith(new Map([["a", ["cancelled"]]]))).toBeNull();
});
