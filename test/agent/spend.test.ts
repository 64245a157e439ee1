/** A model call that may not be paid for yet, in the loop: held, made again, or the end of the task. */
import { describe, expect, it } from "vitest";
import type { AskSpending, SpendQuestion, SpendVerdict } from "../../src/agent/ask-spending.ts";
import type { SpendNeed } from "../../src/model/types.ts";
import { aTask, call, countingTool, createBench, scriptedModel } from "./support/scripted.ts";

const until = Date.parse("2026-01-01T01:00:00Z");
const need: SpendNeed = {
  ...{ agent: "tester", task: aTask("").id, unit: "usd", limit: 0.5 },
  ...{ spent: 0.4, allowed: 0, slice: 1 },
};
const wait = (...waitFor: string[]): SpendVerdict => ({
  ...{ kind: "wait", hold: { waitFor, until, why: "waits for a person" } },
});
const yes = {
  call: "2-model",
  answers: [{ to: "q", from: "root", id: "r", text: "done" }],
  over: null,
};

function setUp(verdicts: readonly SpendVerdict[]) {
  const asked: SpendQuestion[] = [];
  const askSpending: AskSpending = (question) => {
    asked.push(question);
    return Promise.resolve(verdicts[asked.length - 1] ?? { kind: "go" });
  };
  const tool = countingTool("note");
  const refused = {
    error: { kind: "permanent", status: 402, message: "ask", needs: need },
  } as const;
  const steps = [{ toolCalls: [call("note", { text: "x" })] }, refused];
  const script = scriptedModel(steps);
  const paid = scriptedModel([{}, { text: "the end" }]);
  const bench = createBench(script, [tool.tool], { askSpending });
  const after = createBench(paid, [tool.tool], { askSpending });
  return { asked, bench, after, script, paid };
}

describe("a call that people must agree to", () => {
  it("holds the task, and is made again with the same messages after a yes", async () => {
    const { asked, bench, after, script, paid } = setUp([wait("q"), { kind: "go" }]);
    expect(await bench.run()).toMatchObject({
      kind: "held",
      holds: [{ call: "2-model", waitFor: ["q"], until }],
      tally: { steps: 1 },
    });
    expect(asked).toMatchObject([{ need, callId: "2-model", retries: 0, woken: null }]);
    // Without news it waits on, and neither model nor people are asked.
    const history = [...bench.lines];
    expect(await after.run({ history })).toMatchObject({ kind: "held" });
    expect([asked.length, paid.requests.length]).toEqual([1, 0]);
    const end = await after.run({ history: [...history, ...after.lines], woken: [yes] });
    expect(end).toMatchObject({ kind: "done", answer: "the end" });
    expect(paid.requests[0]?.messages).toEqual(script.requests[1]?.messages);
  });

  it("ends the task after a no, with the reason and what was spent, and is not made again", async () => {
    const { bench, after, paid } = setUp([wait("q"), { kind: "no", why: "denied by trent: no" }]);
    await bench.run();
    const end = await after.run({ history: [...bench.lines], woken: [yes] });
    expect(end).toMatchObject({
      kind: "failed",
      why: "spending another 0.50 USD (beyond 0.50 USD) was not approved: denied by trent: no",
      answer: expect.stringContaining("Spent on this task: 0.40 USD."),
    });
    expect(paid.requests).toEqual([]);
    // A crash before its settling finds the same end, and asks nobody.
    const history = [...bench.lines, ...after.lines];
    expect(await after.run({ history, woken: [yes] })).toEqual(end);
  });

  it("is asked about anew when a person has the failed task tried again", async () => {
    const { asked, bench } = setUp([wait("q"), { kind: "no", why: "no" }, wait("other")]);
    await bench.run();
    await bench.run({ history: [...bench.lines], woken: [yes] });
    expect(await bench.run({ history: [...bench.lines] })).toMatchObject({ waitFor: ["other"] });
    expect(asked.at(-1)).toMatchObject({ retries: 1, woken: null });
  });

  it.each<[string, SpendVerdict, string]>([
    ["fails when nobody can be asked", { kind: "no", why: "nobody" }, "failed"],
    ["is put off when nobody can be asked now", { kind: "later", why: "full disk" }, "defer"],
    ["fails when a yes changed nothing", { kind: "go" }, "failed"],
    ["fails when there is nothing to wait for", wait(), "failed"],
  ])("%s", async (_, verdict, kind) => {
    expect(await setUp([verdict]).bench.run()).toMatchObject({ kind });
  });

  it("does not wait again for what was answered already", async () => {
    const { bench } = setUp([wait("q"), { kind: "go" }, wait("q")]);
    await bench.run();
    const end = await bench.run({ history: [...bench.lines], woken: [yes] });
    expect(end).toMatchObject({ kind: "failed", why: expect.stringContaining("answered already") });
  });

  it("stays where it is when told to stop before the answer was looked at", async () => {
    const { asked, bench, after } = setUp([wait("q")]);
    await bench.run();
    const signal = AbortSignal.abort();
    const end = await after.run({ history: [...bench.lines], woken: [yes], signal });
    expect(end).toMatchObject({ kind: "defer", notBefore: 0 });
    expect(asked).toHaveLength(1);
  });

  it("is refused where nobody is there to ask", async () => {
    const model = scriptedModel([
      { error: { kind: "permanent", status: 402, message: "ask", needs: need } },
    ]);
    expect(await createBench(model).run()).toMatchObject({ kind: "failed" });
  });
});
