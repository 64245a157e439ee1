/** Whatever a task is like: each request fits, is valid, and begins with the prompt. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JournalLine } from "../../../src/agent/journal.ts";
import { fold } from "../../../src/agent/resume.ts";
import type { Completion } from "../../../src/agent/run.ts";
import type { ModelError, ModelEvent, ModelRequest } from "../../../src/model/types.ts";
import type { Woken } from "../../../src/task/hold.ts";
import type { HeldOutcome } from "../../../src/task/task.ts";
import { faultsOf, tokensIn } from "../strict-provider.ts";
import { aTask, call, countingTool, createBench } from "../support/scripted.ts";
import { aSummary, count, judgedModel } from "./support.ts";

const limits = { steps: 60, runtimeSeconds: 60, answerChars: 100_000, callsPerTurn: 6 };

interface Step {
  readonly text: string;
  readonly calls: readonly {
    readonly size: number;
    readonly waits: boolean;
    readonly raw: string;
  }[];
}

const step: fc.Arbitrary<Step> = fc.record({
  text: fc.constantFrom("", " ", "thinking aloud", "🙂 ".repeat(50)),
  calls: fc.array(
    fc.record({
      size: fc.constantFrom(0, 10, 500, 4000, 30_000),
      waits: fc.boolean(),
      raw: fc.constantFrom("", "{", "not JSON", '{"text":"x"}'),
    }),
    { maxLength: 5 },
  ),
});

const summaries = fc.constantFrom(aSummary(), "no", aSummary({ plan: "word ".repeat(9000) }), "");

/** Fails twice, then passes. */
const checks = (): Completion => {
  let round = 0;
  return {
    rounds: 3,
    refusal: null,
    evaluate: async () => {
      round += 1;
      return [{ name: "c", state: round > 2 ? "pass" : "fail", found: "not yet ".repeat(100) }];
    },
  };
};

async function live(steps: readonly Step[], summary: readonly string[], cuts: readonly number[]) {
  const window = { context: 8192, output: null };
  let made = 0;
  let asked = 0;
  const model = judgedModel((request) => {
    if (request.form !== undefined) {
      asked += 1;
      return { text: summary[asked % summary.length] ?? "" };
    }
    const { text, calls } = steps[made] ?? { text: "done", calls: [] };
    made += 1;
    const toolCalls = calls.map(({ size, waits, raw }, at) =>
      call(waits ? "ask" : "echo", raw || JSON.stringify({ text: `${size}` }), `same-${at}`),
    );
    return { text, toolCalls };
  });
  const echo = countingTool("echo", {
    act: (args) => ({
      ok: true,
      text: "long ".repeat(Number((args as { text: string }).text) / 5 || 0),
    }),
  });
  const until = Date.parse("2026-01-01T01:00:00Z");
  const ask = countingTool("ask", {
    act: (_, { callId }) => ({
      ok: true,
      text: "",
      hold: { waitFor: [`q-${callId}`], until, why: "an answer" },
    }),
  });
  let history: JournalLine[] = [];
  let woken: Woken[] = [];
  const completion = checks();
  for (let attempt = 0; attempt < 40; attempt += 1) {
    const bench = createBench(model, [echo.tool, ask.tool], {}, aTask("Do it."));
    const outcome = await bench.run({ window, limits, history, woken, completion });
    history.push(...bench.lines);
    const cut = cuts[attempt];
    // A crash: what came after some line was never written.
    if (cut !== undefined) history = history.slice(0, Math.max(1, history.length - cut));
    else if (outcome.kind !== "held") return { model, history, outcome };
    if (outcome.kind === "held") woken = [...woken, ...answersTo(outcome)];
  }
  throw new Error("it never ends");
}

const answersTo = ({ holds }: HeldOutcome): Woken[] =>
  holds.map(({ call: id, waitFor }) => ({
    call: id,
    answers: waitFor.map((to) => ({ to, from: "peer", id: `r-${to}`, text: "yes ".repeat(300) })),
    over: null,
  }));

describe("any task", () => {
  it("has requests that fit, are valid and begin alike", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 14 }),
        fc.array(summaries, { minLength: 1, maxLength: 3 }),
        fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 4 }),
        async (steps, summary, cuts) => {
          const { model, history, outcome } = await live(steps, summary, cuts);
          expect(model.faults).toEqual([]);
          const prompts = new Set<string>();
          for (const request of model.requests) {
            expect(tokensIn(request, count)).toBeLessThanOrEqual(8192 - 2048);
            if (request.form === undefined)
              prompts.add(JSON.stringify(request.messages.slice(0, 2)));
          }
          expect(prompts.size).toBe(1);
          expect(["done", "failed"]).toContain(outcome.kind);
          // A task that failed and is tried again counts anew.
          const since = history.slice(history.findLastIndex(({ kind }) => kind === "retry") + 1);
          const results = since.filter(({ kind }) => kind === "tool-result").length;
          expect(fold(history).toolCalls).toBe(results);
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** Says that so many tokens are too many, until the request is below. */
function strictAbout(most: number, error: Partial<ModelError>) {
  const requests: ModelRequest[] = [];
  const faults: string[] = [];
  async function* model(request: ModelRequest): AsyncGenerator<ModelEvent> {
    requests.push(request);
    faults.push(...faultsOf(request));
    const refusal = {
      kind: "permanent",
      status: 400,
      message: "",
      retryAfterSeconds: null,
    } as const;
    if (tokensIn(request, count) > most) {
      yield { kind: "error", error: { ...refusal, ...error } };
      return;
    }
    const results = request.messages.filter(({ role }) => role === "tool").length;
    const text = request.form === undefined ? "done" : aSummary();
    const isWorking = request.form === undefined && results > 0 && requests.length < 12;
    const toolCalls =
      request.form === undefined && (isWorking || requests.length === 1)
        ? [call("echo", { text: "1" }, `n${requests.length}`)]
        : [];
    const usage = { input: 0, output: 1 };
    yield { kind: "reply", reply: { text, toolCalls, model: "m", usage, costUsd: 0 } };
  }
  return Object.assign(model, { requests, faults });
}

const echo = countingTool("echo", {
  act: () => ({ ok: true, text: "of many words ".repeat(200) }),
});

describe("a provider that takes less than we thought", () => {
  const message = "This model's maximum context length is 4096 tokens";

  it("is believed: one compaction, one more call, and the task goes on", async () => {
    const model = strictAbout(3000, { message });
    const bench = createBench(model, [echo.tool]);
    const outcome = await bench.run({ limits, window: { context: 100_000, output: null } });
    expect(outcome).toMatchObject({ kind: "done", answer: "done" });
    expect(model.faults).toEqual([]);
    const kinds = bench.lines.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "model-error")).toHaveLength(1);
    expect(kinds).toContain("compaction");
    // What it takes is known to the next attempt as well.
    const { learned } = fold(bench.lines).context;
    expect(learned).toBeLessThan(3000);
    const [before, ...rest] = model.requests.filter((request) => tokensIn(request, count) > 3000);
    expect(before).toBeDefined();
    expect(rest).toEqual([]);
  });

  it("is asked once more only", async () => {
    const model = strictAbout(600, { message: "prompt is too long" });
    const bench = createBench(model, [echo.tool]);
    const outcome = await bench.run({ limits, window: { context: 100_000, output: null } });
    expect(outcome).toMatchObject({ kind: "failed", why: "the model refused: prompt is too long" });
    const refused = bench.lines.filter(({ kind }) => kind === "model-error");
    expect(refused.length).toBeLessThanOrEqual(2);
  });

  it("that refuses for another reason is not asked again", async () => {
    const model = strictAbout(0, { message: "tool_choice is wrong" });
    const bench = createBench(model, [echo.tool]);
    expect((await bench.run({ limits })).kind).toBe("failed");
    expect(model.requests).toHaveLength(1);
  });
});

describe("a window that is too small for the prompt", () => {
  it("fails the task at once, and says what to do", async () => {
    const model = judgedModel(() => ({ text: "done" }));
    const bench = createBench(model, [echo.tool], {}, aTask("Do it."));
    const outcome = await bench.run({ limits, window: { context: 1200, output: null } });
    expect(outcome).toMatchObject({ kind: "failed" });
    if (outcome.kind !== "failed") return;
    expect(outcome.why).toMatch(
      /instructions and text take \d+ tokens, and a request may have 900/,
    );
    expect(outcome.answer).toContain("models.smart.context");
    expect(model.requests).toEqual([]);
  });
});
