/** Each kind of damage that a power cut may do is seen by the judge of the power cuts. */
import { describe, expect, test } from "vitest";
import { interruptedText } from "../../src/agent/turn.ts";
import { judge, type Promised } from "./judge.ts";
import { type Durable, type FoundAgent, parseLine, type State } from "./lines.ts";

const durable: Durable = {
  kind: "durable",
  agent: "power-1",
  drop: "p0000-0000",
  id: "p0000-0000",
};
const promised: Promised = { drops: new Map([["p0000-0000", "power-1"]]), durable: [durable] };
const task = {
  ...{ id: "p0000-0000-x1", status: "done", error: null },
  ...{ written: "p0000-0000", said: "" },
};
const agent: FoundAgent = {
  ...{ agent: "power-1", tasks: [task], effects: ["p0000-0000"], broken: [], refused: [] },
};
const whole: State = {
  ...{ kind: "state", left: [], agents: [agent], databases: [{ path: "x.db", says: "ok" }] },
  ...{ chains: { code: 0, text: "" }, drift: { code: 0, text: "" }, failed: "" },
};
const withAgent = (more: Partial<FoundAgent>): State => ({
  ...whole,
  agents: [{ ...agent, ...more }],
});
const counts = (state: State) => {
  const { lost, twice, damaged } = judge(promised, state);
  return [lost.length, twice.length, damaged.length];
};

test("nothing is found where nothing is wrong", () => {
  expect(counts(whole)).toEqual([0, 0, 0]);
});

describe("finds", () => {
  test.each<[string, State, readonly number[]]>([
    ["a task that is gone", withAgent({ tasks: [], effects: [] }), [1, 0, 0]],
    ["a task that failed", withAgent({ tasks: [{ ...task, status: "failed" }] }), [1, 0, 0]],
    ["a record without its answer", withAgent({ tasks: [{ ...task, written: null }] }), [1, 0, 0]],
    ["a tool that did nothing", withAgent({ tasks: [{ ...task, written: "" }] }), [1, 0, 0]],
    ["an effect that is gone", withAgent({ effects: [] }), [1, 0, 0]],
    [
      "a task answered twice",
      withAgent({ tasks: [task, { ...task, id: "p0000-0000-x2" }] }),
      [0, 1, 0],
    ],
    ["an effect done twice", withAgent({ effects: ["p0000-0000", "p0000-0000"] }), [0, 1, 0]],
    ["half a file", withAgent({ broken: ["x.json"] }), [0, 0, 1]],
    ["a refused file", withAgent({ refused: ["x.task"] }), [0, 0, 1]],
    ["a task that never ends", { ...whole, left: ["x.task"] }, [0, 0, 1]],
    ["a broken database", { ...whole, databases: [{ path: "x.db", says: "torn" }] }, [0, 0, 1]],
    ["a broken chain", { ...whole, chains: { code: 1, text: "" } }, [0, 0, 1]],
    ["drift", { ...whole, drift: { code: 1, text: "" } }, [0, 0, 1]],
    ["a failed unit", { ...whole, failed: "con-gateway.service failed" }, [0, 0, 1]],
  ])("%s", (_, state, expected) => {
    expect(counts(state)).toEqual(expected);
  });

  test("a task that was not said to be durable, answered twice", () => {
    const twice = withAgent({ tasks: [task, { ...task, id: "p0000-0000-x2" }] });
    expect(judge({ ...promised, durable: [] }, twice).twice).toHaveLength(1);
  });
});

test("a program as runner may run again, a tool may not", () => {
  const other = { ...agent, agent: "power-4", effects: ["p0000-0000", "p0000-0000"] };
  const verdict = judge({ drops: new Map(), durable: [] }, { ...whole, agents: [other] });
  expect(verdict).toMatchObject({ twice: [], again: 1 });
});

test("a tool call that was cut is not done, and not lost, where the answer says so", () => {
  const cut = withAgent({ tasks: [{ ...task, written: "", said: `${interruptedText} …` }] });
  expect(judge(promised, cut)).toMatchObject({ lost: [], unsure: 1 });
});

test("a line that the cut tore is none", () => {
  expect(parseLine('{"kind":"durable","agent":"po')).toBeNull();
  expect(parseLine("text")).toBeNull();
  expect(parseLine(JSON.stringify(durable))).toEqual(durable);
});
