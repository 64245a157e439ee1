/** What a sender reads of a task that has ended. */
import { describe, expect, it } from "vitest";
import { requestOf } from "../../src/task/codec.ts";
import type { CheckResult } from "../../src/task/done-when/types.ts";
import { answerOf, type FinalOutcome, recordOf } from "../../src/task/record.ts";
import { emptyTally } from "../../src/task/task.ts";
import { aTask } from "../agent/support/scripted.ts";

const tally = {
  model: "builtin/reflex",
  steps: 3,
  tokens: { input: 10, output: 20 },
  costUsd: 0.25,
  children: ["c-1"],
};
const run = {
  agent: "desk",
  attempts: 2,
  startedAt: "2026-01-01T00:00:01.000Z",
  finishedAt: "2026-01-01T00:00:02.000Z",
};
const task = aTask("hi", {
  from: { uid: 1000, name: "ann", agent: null },
  trust: "unverified",
  request: requestOf("hi", { thread: "invoices" }),
});
const checks: readonly CheckResult[] = [{ name: "tests", state: "fail", found: "exit code 1" }];

describe("the record of a task", () => {
  it("has these keys, and these alone", () => {
    expect(recordOf(task, { kind: "done", answer: "42", tally, checks }, run)).toEqual({
      id: task.id,
      agent: "desk",
      status: "done",
      from: { uid: 1000, name: "ann" },
      trust: "unverified",
      attempts: 2,
      received_at: "2026-01-01T00:00:00.000Z",
      started_at: "2026-01-01T00:00:01.000Z",
      finished_at: "2026-01-01T00:00:02.000Z",
      model: "builtin/reflex",
      steps: 3,
      tokens: { input: 10, output: 20 },
      cost_usd: 0.25,
      error: null,
      children: ["c-1"],
      thread: "invoices",
      checks,
    });
  });

  it.each<[FinalOutcome, object]>([
    [
      { kind: "done", answer: "42", tally },
      { status: "done", error: null, checks: null },
    ],
    [
      { kind: "failed", why: "no disk", answer: "", tally, checks },
      { status: "failed", error: "no disk", checks },
    ],
    [
      { kind: "failed", why: "no disk", answer: "half", tally },
      { status: "failed", error: "no disk", checks: null },
    ],
    [
      { kind: "cancelled", by: "ann", tally: emptyTally },
      { status: "cancelled", error: null, checks: null, model: null, steps: 0 },
    ],
  ])("of %j says how it ended", (outcome, expected) => {
    expect(recordOf(task, outcome, run)).toMatchObject(expected);
  });
});

it.each<[FinalOutcome, string]>([
  [{ kind: "done", answer: "42", tally }, "42"],
  [{ kind: "done", answer: "", tally }, "(no answer text)"],
  [{ kind: "failed", why: "no disk", answer: "", tally }, "The task failed: no disk"],
  [{ kind: "failed", why: "no disk", answer: "half of it", tally }, "half of it"],
  [{ kind: "cancelled", by: "ann", tally }, "The task was cancelled by ann."],
])("the answer of %j is %j", (outcome, text) => expect(answerOf(outcome)).toBe(text));
