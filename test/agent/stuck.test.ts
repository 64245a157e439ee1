/** Circles are noticed, by what is in the journal: after a resume and a compaction as well. */
import { describe, expect, test } from "vitest";
import { fold } from "../../src/agent/resume.ts";
import type { RunOptions } from "../../src/agent/run.ts";
import { afterCall, type Habits, noHabits, stuckHint } from "../../src/agent/stuck.ts";
import { aTask, call, countingTool, createBench, scriptedModel } from "./support/scripted.ts";

const made = (args: unknown, name = "look") => call(name, args);
const alone = { adviser: false };

function hints(calls: readonly (readonly [ReturnType<typeof made>, boolean])[]): string[] {
  let habits: Habits = noHabits;
  return calls.map(([one, ok]) => {
    const hint = stuckHint(habits, one, ok, alone);
    habits = afterCall(habits, one, ok);
    return hint;
  });
}

describe("the same call", () => {
  test("three times is said, whatever the order of its arguments", () => {
    const calls = [
      '{"a":1,"b":[2,{"c":3,"d":4}]}',
      '{"b":[2,{"d":4,"c":3}],"a":1}',
      '{ "a": 1, "b": [2, {"c":3,"d":4}] }',
    ];
    const [first, second, third] = hints(calls.map((raw) => [made(raw), true] as const));
    expect([first, second]).toEqual(["", ""]);
    expect(third).toContain("exactly this call 3 times");
  });

  test("another tool, or another argument, is another call", () => {
    const calls = [
      made({ a: 1 }),
      made({ a: 1 }, "read"),
      made({ a: 2 }),
      made({ a: 1 }),
      made([1]),
    ];
    expect(hints(calls.map((one) => [one, true] as const)).join("")).toBe("");
  });

  test("arguments that are no JSON, or nested beyond reason, count as their text", () => {
    const deep = "[".repeat(50_000) + "]".repeat(50_000);
    for (const raw of ["{", deep])
      expect(hints([0, 1, 2].map(() => [made(raw), true] as const)).at(-1)).toContain("3 times");
  });

  test("is forgotten after a hundred different ones", () => {
    const others = Array.from({ length: 100 }, (_, at) => [made({ at }), true] as const);
    const again = [made({ x: 1 }), true] as const;
    expect(hints([again, again, ...others, again]).at(-1)).toBe("");
    expect(hints([again, again, ...others.slice(1), again]).at(-1)).toContain("3 times");
  });
});

describe("failures of one tool", () => {
  const failed = (at: number, name = "look") => [made({ at }, name), false] as const;

  test("five in a row are said, and a success begins anew", () => {
    const five = [0, 1, 2, 3, 4].map((at) => failed(at));
    expect(hints(five).slice(0, 4).join("")).toBe("");
    expect(hints(five)[4]).toContain("The last 5 calls of look failed");
    const broken = [...five.slice(0, 4), [made({ ok: 1 }), true] as const, failed(5)];
    expect(hints(broken).join("")).toBe("");
  });

  test("of another tool in between do not end the row", () => {
    const mixed = [0, 1, 2, 3].flatMap((at) => [failed(at), failed(at, "read")]);
    expect(hints([...mixed, failed(9)]).at(-1)).toContain("The last 5 calls of look");
  });
});

describe("in a task", () => {
  const adviser = countingTool("consult_adviser").tool;
  const granted = {
    agent: "tester",
    models: { own: "smart", granted: ["adviser"], ended: {}, windows: {} },
  } as unknown as RunOptions["context"];
  const same = { toolCalls: [call("look", { text: "x" })] };

  const thirdResult = async (
    tools: Parameters<typeof createBench>[1],
    context?: typeof granted,
  ) => {
    const bench = createBench(scriptedModel([same, same, same, { text: "end" }]), tools);
    await bench.run(context === undefined ? {} : { context });
    return bench.lines.flatMap((line) => (line.kind === "tool-result" ? [line.text] : [])).at(-1);
  };

  test("the adviser is named to who may ask it, and another way to others", async () => {
    const look = countingTool("look").tool;
    expect(await thirdResult([look, adviser], granted)).toContain("call consult_adviser");
    for (const result of [await thirdResult([look, adviser]), await thirdResult([look], granted)]) {
      expect(result).toContain("3 times");
      expect(result).not.toContain("consult_adviser");
    }
  });

  test("a resume goes on counting, and so does a conversation that was compacted", async () => {
    const look = countingTool("look");
    const bench = createBench(scriptedModel([same, same, same, { text: "end" }]), [look.tool]);
    await bench.run();
    const second = bench.lines.flatMap(({ kind }, at) => (kind === "tool-result" ? [at] : []))[1];
    const until = bench.lines.slice(0, (second ?? 0) + 1);
    const compacted = fold([
      ...until,
      {
        kind: "compaction",
        ...{ n: 1, how: "summary", from: 2, to: 4, text: "short", edits: [], memories: [] },
        ...{ before: 9, after: 1, learned: null, at: "2026-01-01T00:00:00.000Z" },
      },
    ]);
    expect(compacted.habits).toEqual(fold(until).habits);
    const resumed = createBench(scriptedModel([same, same, same, { text: "end" }]), [look.tool]);
    await resumed.run({ history: until });
    const results = resumed.lines.flatMap((line) =>
      line.kind === "tool-result" ? [line.text] : [],
    );
    expect(results).toEqual([expect.stringContaining("3 times")]);
  });

  test("a retry begins anew", () => {
    const lines = [
      {
        kind: "model-result",
        step: 1,
        text: "",
        toolCalls: [call("look", {})],
        model: "m",
        usage: { input: 1, output: 1 },
        costUsd: 0,
        at: "",
      },
      {
        kind: "tool-result",
        step: 1,
        index: 1,
        ok: false,
        text: "",
        interrupted: false,
        sent: null,
        at: "",
      },
    ] as const;
    expect(fold(lines).habits.failures.get("look")).toBe(1);
    expect(fold([...lines, { kind: "retry", at: "" }]).habits).toEqual(noHabits);
  });
});

describe("what models cost that a tool asks", () => {
  const usage = { input: 100, output: 20, costUsd: 0.5 };
  const answer = { ok: true, text: "", value: null, model: "m", usage } as const;
  const context = { agent: "tester", ask: async () => answer } as unknown as RunOptions["context"];
  const question = { alias: "adviser", messages: [] };

  test("is in the tally of the task, whatever the tool says of it, also after a resume", async () => {
    const asks = countingTool("ask", {
      act: async (_, given) => {
        await given.ask?.(question, given.signal);
        await given.ask?.(question, given.signal);
        return { ok: true, text: "", usage: { input: 0, output: 0, costUsd: 0 } };
      },
    });
    const model = () =>
      scriptedModel([{ toolCalls: [call("ask", { text: "x" })] }, { text: "end" }]);
    const bench = createBench(model(), [asks.tool]);
    const expected = { steps: 2, tokens: { input: 220, output: 50 }, costUsd: 1.5 };
    expect(await bench.run({ context })).toMatchObject({ tally: expected });
    const end = bench.lines.findIndex(({ kind }) => kind === "tool-result") + 1;
    const again = createBench(model(), [asks.tool]);
    expect(await again.run({ context, history: bench.lines.slice(0, end) })).toMatchObject({
      tally: expected,
    });
  });

  test("counts when the tool throws", async () => {
    const asks = countingTool("ask", {
      act: async (_, given) => {
        await given.ask?.(question, given.signal);
        throw new Error("bug");
      },
    });
    const model = scriptedModel([{ toolCalls: [call("ask", { text: "x" })] }, { text: "end" }]);
    const outcome = await createBench(model, [asks.tool], {}, aTask("x")).run({ context });
    expect(outcome).toMatchObject({ tally: { tokens: { input: 120, output: 30 }, costUsd: 1 } });
  });

  test("a tool that asks none leaves none", async () => {
    const none = countingTool("none");
    const model = scriptedModel([{ toolCalls: [call("none", { text: "x" })] }, { text: "end" }]);
    const bench = createBench(model, [none.tool]);
    await bench.run({ context });
    expect(bench.lines.find(({ kind }) => kind === "tool-result")).not.toHaveProperty("usage");
  });
});

test("a batch after a batch is no circle; batches that fail are", () => {
  const batch = call("run_batch", {});
  expect(hints([0, 1, 2, 3].map(() => [batch, true] as const)).join("")).toBe("");
  expect(hints([0, 1, 2].map(() => [batch, false] as const)).at(-1)).toContain("3 times");
});
