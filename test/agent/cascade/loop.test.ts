/** The loop with layers before, between and after its model calls. */
import { describe, expect, it } from "vitest";
import type { Cascade, Found } from "../../../src/agent/cascade/look.ts";
import type { StreamModel } from "../../../src/model/types.ts";
import { aTask, call, countingTool, createBench, scriptedModel } from "../support/scripted.ts";

const nothing: Found = { looks: [], answer: null, sections: [] };

function cascadeOf(found: Partial<Found>, change: Partial<Cascade> = {}) {
  let looked = 0;
  const cascade: Cascade = {
    before: async () => {
      looked += 1;
      return { ...nothing, ...found };
    },
    finish: async () => null,
    better: (model) => (model === "fast" ? "expert" : null),
    usable: () => true,
    ...change,
  };
  return { cascade, looked: () => looked };
}

const routed: Partial<Found> = {
  looks: [{ layer: "route", verdict: "hit", why: "short", model: "fast" }],
};
const question = "Which of the seven offers is the best one for us?";
const poor = "I'm sorry, I don't know.";
const good = "The third one: it is the cheapest of them and the closest.";

/** Answers by the alias that is asked. */
function byAlias(answers: Readonly<Record<string, string | "away">>) {
  const asked: string[] = [];
  const model: StreamModel = async function* ({ model: alias }) {
    asked.push(alias);
    const text = answers[alias] ?? "?";
    if (text === "away")
      yield {
        kind: "error",
        error: { kind: "permanent", status: 403, message: "no", retryAfterSeconds: null },
      };
    else
      yield {
        kind: "reply",
        reply: { text, toolCalls: [], model: alias, usage: { input: 1, output: 1 }, costUsd: 1 },
      };
  };
  return { model, asked };
}

describe("before the first call", () => {
  const hit: Partial<Found> = {
    looks: [
      { layer: "reflex", verdict: "miss", why: "no rule" },
      { layer: "exact", verdict: "hit", why: "known" },
    ],
    answer: { text: "Paris", toolCalls: [], model: "cache/exact" },
  };

  it("a layer's answer ends the task at no cost, and says where it is from", async () => {
    const model = scriptedModel([]);
    const bench = createBench(model);
    const outcome = await bench.run({ cascade: cascadeOf(hit).cascade });
    expect(outcome).toMatchObject({
      kind: "done",
      answer: "Paris",
      tally: { model: "cache/exact", costUsd: 0, tokens: { input: 0, output: 0 } },
    });
    expect(model.requests).toEqual([]);
    expect(bench.lines.map((line) => line.kind)).toEqual([
      ...["attempt", "cascade", "cascade", "prompt", "model-result", "final"],
    ]);
  });

  it("no layer that gave the answer is asked again after a crash, wherever it came", async () => {
    const whole = createBench(scriptedModel([]));
    await whole.run({ cascade: cascadeOf(hit).cascade });
    for (let length = 4; length <= whole.lines.length; length += 1) {
      const model = scriptedModel([{ text: "from the model" }]);
      const { cascade, looked } = cascadeOf(hit);
      const history = whole.lines.slice(0, length);
      const outcome = await createBench(model).run({ cascade, history });
      expect(looked()).toBe(0);
      // Cut between the prompt and the answer: the model is asked, once.
      const answer = length === 4 ? "from the model" : "Paris";
      expect(outcome).toMatchObject({ kind: "done", answer });
    }
  });

  it("what a layer adds stands in the background, framed", async () => {
    const model = scriptedModel([{ text: "ok" }]);
    const sections = [{ heading: "Pieces", text: "The button is red." }];
    await createBench(model).run({ cascade: cascadeOf({ sections }).cascade });
    expect(model.requests[0]?.messages[1]?.content).toMatch(
      /# Pieces\n[\s\S]*<<<background [0-9a-f]+\nThe button is red\.\n/,
    );
  });

  it("switched off, nothing is written", async () => {
    const bench = createBench(scriptedModel([{ text: "ok" }]));
    await bench.run();
    expect(bench.lines.some(({ kind }) => kind === "cascade")).toBe(false);
  });
});

describe("calls of the rule engine", () => {
  const look = countingTool("look", { act: () => ({ ok: true, text: "5 %" }) });
  const found: Partial<Found> = {
    looks: [{ layer: "reflex", verdict: "hit", why: "a rule" }],
    answer: { text: "", toolCalls: [call("look", { text: "x" })], model: "builtin/reflex" },
  };
  const finish: Cascade["finish"] = async () => ({
    ...{ text: "5 % are used.", toolCalls: [], model: "builtin/reflex" },
  });

  it("run as ever, and it words the answer", async () => {
    const model = scriptedModel([]);
    const bench = createBench(model, [look.tool]);
    const outcome = await bench.run({ cascade: cascadeOf(found, { finish }).cascade });
    expect(outcome).toMatchObject({ kind: "done", answer: "5 % are used.", tally: { costUsd: 0 } });
    expect(model.requests).toEqual([]);
    expect(look.calls).toEqual([{ text: "x" }]);
  });

  it("that fail hand the task over to the model", async () => {
    const fails = countingTool("look", { act: () => ({ ok: false, text: "no" }) });
    const model = scriptedModel([{}, { text: "by the model" }]);
    const bench = createBench(model, [fails.tool]);
    const outcome = await bench.run({ cascade: cascadeOf(found, { finish }).cascade });
    expect(outcome).toMatchObject({ kind: "done", answer: "by the model" });
    expect(model.requests).toHaveLength(1);
  });
});

describe("which model", () => {
  it("is the one that the task was given to, and its own once that grant is over", async () => {
    const { model, asked } = byAlias({ fast: good, smart: good });
    await createBench(model, [], {}, aTask(question)).run({ cascade: cascadeOf(routed).cascade });
    const over = cascadeOf(routed, { usable: () => false }).cascade;
    await createBench(model, [], {}, aTask(question)).run({ cascade: over });
    expect(asked).toEqual(["fast", "smart"]);
  });

  it("a poor answer is asked for once more, as if for the first time", async () => {
    const { model, asked } = byAlias({ fast: poor, expert: good });
    const bench = createBench(model, [], {}, aTask(question));
    const outcome = await bench.run({ cascade: cascadeOf(routed).cascade });
    expect(outcome).toMatchObject({ kind: "done", answer: good, tally: { costUsd: 2, steps: 2 } });
    expect(asked).toEqual(["fast", "expert"]);
    const looks = bench.lines.flatMap((line) => (line.kind === "cascade" ? [line.verdict] : []));
    expect(looks).toEqual(["hit", "hit"]);
  });

  it("a poor answer is kept where the better model gives none", async () => {
    const { model } = byAlias({ fast: poor, expert: "away" });
    const bench = createBench(model, [], {}, aTask(question));
    const outcome = await bench.run({ cascade: cascadeOf(routed).cascade });
    expect(outcome).toMatchObject({ kind: "done", answer: poor });
  });

  it("is not changed for a second poor answer", async () => {
    const { model, asked } = byAlias({ fast: poor, expert: poor });
    const bench = createBench(model, [], {}, aTask(question));
    await bench.run({ cascade: cascadeOf(routed, { better: () => "expert" }).cascade });
    expect(asked).toEqual(["fast", "expert"]);
  });

  it("is not changed after a tool was called, nor when a budget is nearly spent", async () => {
    const tool = countingTool("look");
    const used = scriptedModel([{ toolCalls: [call("look", { text: "a" })] }, { text: poor }]);
    await createBench(used, [tool.tool], {}, aTask(question)).run({
      cascade: cascadeOf(routed).cascade,
    });
    expect(used.requests.map((request) => request.model)).toEqual(["fast", "fast"]);
    const warned = scriptedModel([{ text: poor, warned: true }]);
    const bench = createBench(warned, [], {}, aTask(question));
    const outcome = await bench.run({ cascade: cascadeOf(routed).cascade });
    expect(outcome).toMatchObject({ kind: "done", answer: poor });
    expect(bench.lines).toContainEqual(
      expect.objectContaining({ layer: "escalate", verdict: "skipped" }),
    );
  });
});
