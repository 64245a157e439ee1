/** The gateway's refusal that wants people's word first. */
import { describe, expect, test } from "vitest";
import { needOf } from "../../src/model/need.ts";

const error = {
  ...{ message: "people must agree first", type: "approval", code: "needs_approval" },
  ...{ agent: "desk", task: "t", unit: "usd", limit: 0.5, spent: 0.4, wanted: 0.2 },
  ...{ allowed: 0, slice: 1 },
};

describe("an error object", () => {
  test("says whose task needs how much", () => {
    expect(needOf(error)).toEqual({
      ...{ agent: "desk", task: "t", unit: "usd", limit: 0.5, spent: 0.4, allowed: 0, slice: 1 },
    });
  });

  test.each<[string, object | null]>([
    ["nothing", null],
    ["another code", { code: 402 }],
    ["another unit", { unit: "eur" }],
    ["no limit", { limit: null }],
    ["half a slice", { slice: 1.5 }],
    ["no more than allowed", { allowed: 1 }],
    ["nobody's task", { task: undefined }],
  ])("with %s is an ordinary refusal", (_, change) => {
    expect(needOf(change === null ? null : { ...error, ...change })).toBeNull();
  });
});
