import { expect, test } from "vitest";
import { stepsOf } from "../../../src/commands/top/steps.ts";
import type { ChainRecord } from "../../../src/system/chain.ts";

const at = "2027-01-31T12:00:00.000Z";
const of = (agent: string, task: string, rest: ChainRecord): ChainRecord => ({
  ...{ at, uid: 1, agent, task },
  ...rest,
});
const call = { step: 2, index: 1 };

test.each<readonly [string, ChainRecord[], string]>([
  ["a call", [{ kind: "tool-call", name: "shell", ...call }], "shell"],
  ["a call that was refused", [{ kind: "tool-call", name: "shell", runs: false }], "shell not run"],
  [
    "its result",
    [
      { kind: "tool-call", name: "shell", ...call },
      { kind: "tool-result", ok: true, ...call },
    ],
    "shell ok",
  ],
  ["a result without its call", [{ kind: "tool-result", ok: false, ...call }], "tool failed"],
  [
    "another call's result",
    [
      { kind: "tool-call", name: "shell", ...call },
      { kind: "tool-result", step: 3, index: 1 },
    ],
    "tool failed",
  ],
  ["a call that waits", [{ kind: "tool-held", ...call }], "tool waits"],
  ["a model", [{ kind: "model-call", alias: "smart" }], "model smart"],
  ["a check", [{ kind: "check" }], "completion checks"],
  ["a refusal", [{ kind: "denied", code: "rate" }], "denied rate"],
  ["a beginning", [{ kind: "task", state: "attempt" }], "begins"],
  ["what is no step", [{ kind: "model-call", alias: "a" }, { kind: "grant" }], "model a"],
  ["odd words", [{ kind: "tool-call", name: { toString: "x" } }], ""],
])("%s", (_, records, text) => {
  const steps = stepsOf(records.map((record) => of("ada", "T-1", record)));
  expect(steps.get("ada")?.text).toBe(text);
});

test("each agent has its own, and a new task begins anew", () => {
  const steps = stepsOf([
    of("ada", "T-1", { kind: "task", state: "attempt" }),
    of("ada", "T-1", { kind: "tool-call", name: "shell" }),
    of("bob", "T-3", { kind: "model-call", alias: "smart" }),
    of("ada", "T-2", { kind: "task", state: "claimed" }),
    { kind: "task", state: "claimed", task: "T-9", agent: null },
  ]);
  expect(Object.fromEntries(steps)).toEqual({
    ada: { task: "T-2", since: null, text: null },
    bob: { task: "T-3", since: null, text: "model smart" },
  });
});
