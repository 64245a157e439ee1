/** Tasks that make call after call: told to look back, then held for people, whatever cuts them. */
import { describe, expect, it } from "vitest";
import type { AskToContinue, ContinueQuestion } from "../../src/agent/brakes/ask-continue.ts";
import type { JournalLine } from "../../src/agent/journal.ts";
import { fold } from "../../src/agent/resume.ts";
import type { RunOptions } from "../../src/agent/run.ts";
import type { ModelRequest, StreamModel } from "../../src/model/types.ts";
import type { Woken } from "../../src/task/hold.ts";
import { call, countingTool, createBench, scriptedModel } from "./support/scripted.ts";

const until = Date.parse("2026-01-01T01:00:00Z");
const wait = { kind: "wait", hold: { waitFor: ["q"], until, why: "waits for a person" } } as const;
const woken = (call: string, text = "done\napproved by trent: be quick"): Woken => ({
  ...{ call, answers: [{ to: "q", from: "root", id: "r", text }], over: null },
});
const limits: RunOptions["limits"] = {
  ...{ steps: 100, runtimeSeconds: 60, answerChars: 1000, callsPerTurn: 4 },
  brakes: { reviewEvery: 2, askAfter: 5 },
};
const lastWords = (request: ModelRequest): string => String(request.messages.at(-1)?.content);
const isSummary = (request: ModelRequest): boolean => lastWords(request).includes("Write for that");

/** Calls `note` until it did so `calls` times in all, then answers. */
function busyModel(calls: number, summary = "Half of it is done. Go on?") {
  const requests: ModelRequest[] = [];
  const model: StreamModel = async function* (request) {
    requests.push(structuredClone(request));
    const made = request.messages.filter(({ role }) => role === "tool").length;
    const more = made < calls && !isSummary(request);
    const reply = {
      ...{ model: "test/busy", usage: { input: 10, output: 5 }, costUsd: 0.25 },
      text: isSummary(request) ? summary : more ? "" : "the end",
      toolCalls: more ? [call("note", { text: String(made) }, `c${made}`)] : [],
    };
    yield { kind: "reply", reply };
  };
  return { model, requests };
}

const peopleSay =
  (asked: ContinueQuestion[], no: string | null = null): AskToContinue =>
  (question) => {
    asked.push(question);
    if (question.woken === null) return Promise.resolve(wait);
    if (no !== null) return Promise.resolve({ kind: "no", why: no });
    return Promise.resolve({ kind: "go", words: "approved by trent: be quick" });
  };

function bed(calls: number, no: string | null = null) {
  const asked: ContinueQuestion[] = [];
  const { model, requests } = busyModel(calls);
  const note = countingTool("note");
  const tool = { ...note.tool, repeatable: true };
  const bench = createBench(model, [tool], { askToContinue: peopleSay(asked, no) });
  return { asked, requests, note, bench };
}

const texts = (lines: readonly JournalLine[]): string[] =>
  fold(lines).messages.map(({ content }) => String(content));

describe("brakes", () => {
  it("tell the model to look back, and hold the task for people with its own summary", async () => {
    const { asked, requests, bench, note } = bed(7);
    const held = await bench.run({ limits });
    expect(held).toMatchObject({ kind: "held", holds: [{ call: "1-continue", waitFor: ["q"] }] });
    expect(note.calls).toHaveLength(5);
    expect(asked).toMatchObject([{ n: 1, calls: 5, summary: "Half of it is done. Go on?" }]);
    const reviews = bench.lines.filter(({ kind }) => kind === "review");
    expect(reviews).toMatchObject([{ calls: 2 }, { calls: 4 }]);
    const summaries = requests.filter(isSummary);
    expect(summaries).toHaveLength(1);
    // Its calls stand in it: strict providers want their tools named.
    expect(summaries[0]?.tools).toEqual(requests[0]?.tools);
    // Without news neither the model nor people are asked.
    const count = requests.length;
    expect(await bench.run({ limits, history: [...bench.lines] })).toEqual(held);
    expect([requests.length, asked.length]).toEqual([count, 1]);
  });

  it("begin anew with people's word, which the model is told", async () => {
    const { requests, bench, note } = bed(7);
    await bench.run({ limits });
    const end = await bench.run({
      ...{ limits, history: [...bench.lines] },
      woken: [woken("1-continue")],
    });
    expect(end).toMatchObject({ kind: "done", answer: "the end" });
    expect(note.calls).toHaveLength(7);
    const told = requests.at(-1)?.messages.map(({ content }) => String(content)) ?? [];
    expect(told.filter((text) => text.includes("be quick"))).toHaveLength(1);
    expect(fold(bench.lines)).toMatchObject({ toolCalls: 2, brakes: { passed: 1, hold: null } });
    // The summary was paid for, too.
    expect(fold(bench.lines).tally.costUsd).toBe(9 * 0.25);
  });

  it("end the task when people say no: its summary is the answer, also after a crash", async () => {
    const { requests, bench } = bed(7, "denied by trent: it leads nowhere");
    await bench.run({ limits });
    const again = { limits, woken: [woken("1-continue", "refused\nno")] };
    const end = await bench.run({ ...again, history: [...bench.lines] });
    expect(end).toMatchObject({
      kind: "failed",
      why: "it was stopped after 5 tool calls: denied by trent: it leads nowhere",
      answer: expect.stringContaining("Half of it is done. Go on?"),
    });
    const count = requests.length;
    expect(await bench.run({ ...again, history: [...bench.lines] })).toEqual(end);
    expect(requests).toHaveLength(count);
  });

  it("end the task where there is nobody to ask", async () => {
    const { model } = busyModel(7);
    const bench = createBench(model, [countingTool("note").tool]);
    const why = "it was stopped after 5 tool calls: there is nobody to ask here";
    expect(await bench.run({ limits })).toMatchObject({ kind: "failed", why });
  });

  it("sum up in words of the runner where the model says nothing", async () => {
    const asked: ContinueQuestion[] = [];
    const { model } = busyModel(7, " ");
    const deps = { askToContinue: peopleSay(asked) };
    await createBench(model, [countingTool("note").tool], deps).run({ limits });
    expect(asked[0]?.summary).toContain("made 5 tool calls and could not sum up");
  });

  it("come to the same from every line of the journal, and count on", async () => {
    const whole = bed(7);
    await whole.bench.run({ limits });
    const all = [woken("1-continue")];
    await whole.bench.run({ limits, history: [...whole.bench.lines], woken: all });
    const lines = [...whole.bench.lines];
    const expected = texts(lines);
    expect(expected.filter((text) => text.includes("Look back"))).toHaveLength(3);
    for (let cut = 0; cut < lines.length; cut += 1) {
      const { bench, asked } = bed(7);
      const history = lines.slice(0, cut);
      const isHeld = history.some(({ kind }) => kind === "brake-hold");
      if (!isHeld) {
        expect(await bench.run({ limits, history })).toMatchObject({ kind: "held" });
        expect(asked).toHaveLength(1);
      }
      const end = await bench.run({
        ...{ limits, woken: all },
        history: [...history, ...bench.lines],
      });
      expect(end).toMatchObject({ kind: "done", answer: "the end" });
      expect(texts([...history, ...bench.lines]), `cut at ${cut}`).toEqual(expected);
    }
  });
});

it("many calls in one turn are one reason to look back, not several", async () => {
  const ids = ["a", "b", "c", "d"];
  const model = scriptedModel([
    { toolCalls: ids.map((id) => call("note", { text: id }, id)) },
    { toolCalls: [call("note", { text: "e" }, "e")] },
    { text: "the end" },
  ]);
  const bench = createBench(model, [countingTool("note").tool]);
  await bench.run({ limits: { ...limits, brakes: { reviewEvery: 2, askAfter: 50 } } });
  const reviews = bench.lines.filter(({ kind }) => kind === "review");
  expect(reviews).toMatchObject([{ calls: 4 }]);
});
