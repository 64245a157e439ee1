/** Compaction in the loop: what is sent, what the journal says, what a crash or a bad summary changes. */
import { describe, expect, it } from "vitest";
import type { ExtractedMemory } from "../../../src/agent/context/lines.ts";
import type { JournalLine } from "../../../src/agent/journal.ts";
import { fold } from "../../../src/agent/resume.ts";
import type { RunDeps, RunOptions } from "../../../src/agent/run.ts";
import type {
  Message,
  ModelError,
  ModelReply,
  ModelRequest,
  SpendNeed,
} from "../../../src/model/types.ts";
import { isPrefix, tokensIn } from "../strict-provider.ts";
import { aTask, call, countingTool, createBench } from "../support/scripted.ts";
import { aSummary, count, judgedModel } from "./support.ts";

const window = { context: 8192, output: null };
const room = 8192 - 2048;
const filler = "some words of a result, of which there are many; ".repeat(60);
const steps = 40;

type Answer = (request: ModelRequest) => Partial<ModelReply> & { error?: ModelError };

/** Calls `look` with 1, 2, …, found out from what it sees, and ends. */
const worker: Answer = ({ messages }) => {
  const seen = messages.flatMap(({ content }) => [
    ...String(content).matchAll(/(?:result|seen) (\d+)/g),
  ]);
  const n = Math.max(0, ...seen.map(([, digits]) => Number(digits))) + 1;
  if (n > steps) return { text: "done" };
  return { toolCalls: [call("look", { text: String(n) }, `look-${n}`)] };
};

/** Says up to where it read. */
const summarizer: Answer = ({ messages }) => {
  const seen = [...JSON.stringify(messages).matchAll(/(?:result|seen) (\d+)/g)];
  const last = Math.max(0, ...seen.map(([, digits]) => Number(digits)));
  return { text: aSummary({ facts: [`seen ${last}`] }) };
};

const look = countingTool("look", {
  act: (args) => ({ ok: true, text: `result ${(args as { text: string }).text} ${filler}` }),
});

const limits = { steps: 200, runtimeSeconds: 60, answerChars: 10_000, callsPerTurn: 4 };

function bench(
  answers: { readonly summary?: Answer; readonly memories?: Answer; readonly work?: Answer } = {},
  deps: Partial<RunDeps> = {},
) {
  const { summary = summarizer, work = worker } = answers;
  const memories = answers.memories ?? (() => ({ text: '{"memories":[]}' }));
  const model = judgedModel((request) => {
    if (request.form?.name === "memory_extraction") return memories(request);
    return request.form === undefined && !isForm(request) ? work(request) : summary(request);
  });
  const made = createBench(model, [look.tool], deps, aTask("Look at everything."));
  const run = (options: Partial<RunOptions> = {}) => made.run({ window, limits, ...options });
  return { model, lines: made.lines, run };
}

/** A question for a summary that came without `response_format`. */
const isForm = ({ messages }: ModelRequest): boolean =>
  String(messages[0]?.content).startsWith("You get the log");

const kindsOf = (lines: readonly JournalLine[], kind: JournalLine["kind"]) =>
  lines.filter((line) => line.kind === kind);
const compactions = (lines: readonly JournalLine[]) =>
  lines.flatMap((line) => (line.kind === "compaction" ? [line] : []));

function expectValid({ model }: ReturnType<typeof bench>): void {
  expect(model.faults).toEqual([]);
  for (const request of model.requests) expect(tokensIn(request, count)).toBeLessThanOrEqual(room);
}

describe("a long task", () => {
  it("is summed up when the window is full, and goes on to its end", async () => {
    const made = bench();
    expect(await made.run()).toMatchObject({ kind: "done", answer: "done" });
    expectValid(made);
    expect(compactions(made.lines).length).toBeGreaterThan(2);
    for (const { how, before, after } of compactions(made.lines)) {
      expect(how).toBe("summary");
      expect(after).toBeLessThan(before / 2);
    }
    const summary = String(made.model.ofTask().at(-1)?.messages[2]?.content);
    expect(summary).toContain("never an instruction");
    expect(summary).toMatch(/"seen \d+"/);
  });

  it("has the bytes of one request begin the next, but for the last message and compactions", async () => {
    const made = bench();
    await made.run();
    const requests = made.model.ofTask();
    const breaks = requests
      .slice(1)
      .filter(({ messages }, at) => !isPrefix(requests[at]?.messages ?? [], messages));
    expect(breaks).toHaveLength(compactions(made.lines).length);
    const [system, prompt] = requests[0]?.messages ?? [];
    for (const { messages, tools } of requests) {
      expect(messages.slice(0, 2)).toEqual([system, prompt]);
      expect(tools).toEqual(requests[0]?.tools);
    }
  });

  it("tells the time in the last message only, and never in the journal", async () => {
    const made = bench();
    await made.run();
    const now = /Now: \w+day 202[56]-\d\d-\d\d \d\d:\d\d UTC[+-]\d\d:\d\d\./;
    for (const { messages } of made.model.ofTask()) {
      expect(String(messages.at(-1)?.content)).toMatch(now);
      expect(JSON.stringify(messages.slice(0, -1))).not.toContain("Now: ");
    }
    expect(JSON.stringify(made.lines)).not.toContain("Now: ");
  });

  it("is warned once before each compaction", async () => {
    const made = bench();
    await made.run();
    const warned = made.model
      .ofTask()
      .filter(({ messages }) =>
        String(messages.at(-1)?.content).includes("% of your context window"),
      );
    expect(warned.length).toBeGreaterThan(0);
    expect(warned.length).toBeLessThanOrEqual(compactions(made.lines).length + 1);
  });

  it("counts what the summaries cost, and no step for them", async () => {
    const made = bench();
    const outcome = await made.run();
    const calls = kindsOf(made.lines, "compaction-call").length;
    expect(calls).toBeGreaterThan(0);
    const { tally } = outcome;
    expect(tally.steps).toBe(steps + 1);
    expect(tally.tokens.output).toBe(steps + 1 + calls);
    expect(tally.costUsd).toBe(0.5 * (steps + 1 + calls));
    expect(tally.model).toBe("test/judged");
  });

  it("counts calls whatever is compacted", async () => {
    const made = bench();
    await made.run();
    expect(fold(made.lines).toolCalls).toBe(steps);
    expect(fold([...made.lines, { kind: "retry", at: "" }]).toolCalls).toBe(0);
  });

  it("loads no tokenizer while it is short", async () => {
    let loads = 0;
    const loadCounter = async () => {
      loads += 1;
      return count;
    };
    const short = bench({ work: () => ({ text: "done" }) }, { loadCounter });
    await short.run();
    expect(loads).toBe(0);
    await bench({}, { loadCounter }).run();
    expect(loads).toBe(1);
  });

  it("has the summarizer do it where there is one", async () => {
    const made = bench();
    const window = { context: 100_000, output: null };
    await made.run({ summarizer: { model: "summarizer", window } });
    const asked = made.model.requests.filter(({ form }) => form !== undefined);
    expect(new Set(asked.map(({ model }) => model))).toEqual(new Set(["summarizer"]));
    expect(kindsOf(made.lines, "compaction-call")).toHaveLength(compactions(made.lines).length);
  });

  it("is read in parts where the summarizer's window is small", async () => {
    const made = bench();
    const summarizer = { model: "summarizer", window: { context: 6000, output: null } };
    expect(await made.run({ summarizer })).toMatchObject({ kind: "done" });
    const asked = made.model.requests.filter(({ form }) => form !== undefined);
    for (const request of asked) expect(tokensIn(request, count)).toBeLessThanOrEqual(4500);
    expect(JSON.stringify(asked)).toContain("Part 2 of");
    expectValid(made);
  });
});

describe("a model that cannot sum up", () => {
  const withoutSummary = async (summary: Answer) => {
    const shelved: string[] = [];
    const shelve = (name: string) => {
      shelved.push(name);
      return `/work/${name}`;
    };
    const made = bench({ summary }, { shelve });
    const outcome = await made.run();
    return { made, outcome, shelved };
  };

  it.each([
    ["no JSON", () => ({ text: "I would rather not" })],
    ["a wrong form", () => ({ text: '{"state":"x"}' })],
    ["an empty state", () => ({ text: aSummary({ state: " " }) })],
    ["nothing at all", () => ({ text: "" })],
    ["more than there was", () => ({ text: aSummary({ plan: "word ".repeat(6000) }) })],
  ] satisfies [string, Answer][])("leaves it to shortening: %s", async (_, summary) => {
    const { made, outcome, shelved } = await withoutSummary(summary);
    expect(outcome).toMatchObject({ kind: "done" });
    expectValid(made);
    expect(compactions(made.lines).every(({ how }) => how === "shortened")).toBe(true);
    // Asked three times, with the reason; and after two compactions that failed not at all.
    expect(kindsOf(made.lines, "compaction-call")).toHaveLength(6);
    expect(kindsOf(made.lines, "compaction-failed")).toHaveLength(2);
    expect(JSON.stringify(made.model.requests)).toContain("Refused: ");
    expect(shelved.length).toBeGreaterThan(0);
    expect(JSON.stringify(made.model.ofTask().at(-1))).toContain("[shortened: ");
  });

  it("is not asked twice when it is a rule engine", async () => {
    const { made, outcome } = await withoutSummary(() => ({ text: "?", model: "builtin/reflex" }));
    expect(outcome).toMatchObject({ kind: "done" });
    expect(kindsOf(made.lines, "compaction-call")).toHaveLength(2);
    expectValid(made);
  });

  it("takes JSON that is nearly JSON, or among words", async () => {
    const odd = aSummary().replace('"state"', "state").replace("}", ",}");
    for (const text of [`Here it is:\n\`\`\`json\n${aSummary()}\n\`\`\``, odd]) {
      const made = bench({
        summary: (request) => ({ ...summarizer(request), text }),
        work: endless(),
      });
      await made.run();
      expect(compactions(made.lines)[0]?.how).toBe("summary");
    }
  });
});

/** Works on without looking at what it knows. */
function endless(): Answer {
  let n = 0;
  return () => {
    n += 1;
    return n > 12 ? { text: "done" } : { toolCalls: [call("look", { text: String(n) }, `n${n}`)] };
  };
}

describe("memories", () => {
  const memory: ExtractedMemory = {
    category: "house",
    title: "Дверь 🚪",
    text: "It is green.",
    kind: "observation",
  };
  const memories: Answer = () => ({ text: JSON.stringify({ memories: [memory] }) });
  type Batch = Parameters<NonNullable<RunDeps["keep"]>>[0];

  it("are handed over once for each compaction", async () => {
    const kept: Batch[] = [];
    const made = bench({ memories }, { keep: async (batch) => void kept.push(batch) });
    await made.run();
    const id = aTask("").id;
    const keys = kept.map(({ key }) => key);
    expect(keys).toEqual(compactions(made.lines).map(({ n }) => `${id}/${n}`));
    expect(kept[0]?.memories[0]).toEqual(memory);
    expect(fold(made.lines).context.unkept).toEqual([]);
  });

  it("are not extracted where nobody takes them", async () => {
    const made = bench({ memories });
    await made.run();
    const forms = made.model.requests.map(({ form }) => form?.name);
    expect(forms).not.toContain("memory_extraction");
  });

  it("are not handed over when the summary fails", async () => {
    const kept: Batch[] = [];
    const keep = async (batch: Batch) => void kept.push(batch);
    await bench({ memories, summary: () => ({ text: "no" }) }, { keep }).run();
    expect(kept).toEqual([]);
  });

  it("wait for another time when nobody could take them", async () => {
    const kept: Batch[] = [];
    let isAway = true;
    const keep = async (batch: Batch): Promise<void> => {
      if (isAway) throw new Error("the disk is full");
      kept.push(batch);
    };
    const made = bench({ memories }, { keep });
    expect(await made.run()).toMatchObject({ kind: "done" });
    expect(fold(made.lines).context.unkept.length).toBeGreaterThan(0);
    isAway = false;
    // A crash took the end with it.
    const history = made.lines.filter(({ kind }) => kind !== "final");
    await made.run({ history });
    expect(kept.map(({ key }) => key)).toEqual(
      compactions(history).map(({ n }) => `${aTask("").id}/${n}`),
    );
  });

  it.each([
    ["no list", "{}"],
    ["an odd kind", JSON.stringify({ memories: [{ ...memory, kind: "truth" }] })],
    ["an empty title", JSON.stringify({ memories: [{ ...memory, title: " " }] })],
    ["a key too many", JSON.stringify({ memories: [{ ...memory, trust: "verified" }] })],
  ])("are refused with %s, and the summary is made all the same", async (_, text) => {
    const kept: Batch[] = [];
    const keep = async (batch: Batch) => void kept.push(batch);
    const made = bench({ memories: () => ({ text }) }, { keep });
    expect(await made.run()).toMatchObject({ kind: "done" });
    expect(kept).toEqual([]);
    expect(compactions(made.lines)[0]?.how).toBe("summary");
  });
});

describe("a crash", () => {
  it("anywhere leaves a journal from which the task ends the same", {
    timeout: 120_000,
  }, async () => {
    const kept = new Set<string>();
    const keep = async ({ key }: { key: string }) => void kept.add(key);
    const whole = bench({}, { keep });
    await whole.run();
    const near = whole.lines.flatMap(({ kind }, at) =>
      kind.startsWith("compaction") || kind === "memories-kept" ? [at - 1, at, at + 1] : [],
    );
    for (const cut of [...new Set(near)].slice(0, 14)) {
      const made = bench({}, { keep });
      const history = whole.lines.slice(0, cut + 1);
      expect(await made.run({ history })).toMatchObject({ kind: "done", answer: "done" });
      expectValid(made);
      const all = [...history, ...made.lines];
      const done = all.flatMap((line) =>
        line.kind === "tool-result" && !line.interrupted ? [line.text.slice(0, 10)] : [],
      );
      expect(new Set(done).size).toBe(done.length);
    }
  });

  it("leaves the state that the journal folds to", async () => {
    const made = bench();
    await made.run();
    const states: (readonly Message[])[] = [];
    for (let end = 1; end <= made.lines.length; end += 1)
      states.push(fold(made.lines.slice(0, end)).messages);
    const sent = made.model.ofTask().map(({ messages }) => JSON.stringify(messages.slice(0, -1)));
    const known = new Set(states.map((messages) => JSON.stringify(messages)));
    expect(sent.filter((text) => !known.has(text))).toEqual([]);
  });
});

describe("a stop in the middle of a summary", () => {
  it("changes nothing, and the next attempt begins it again", async () => {
    const stop = new AbortController();
    const made = bench({
      summary: (request) => {
        stop.abort("shutdown");
        return summarizer(request);
      },
    });
    const outcome = await made.run({ signal: stop.signal });
    expect(outcome.kind).toBe("defer");
    expect(kindsOf(made.lines, "compaction-failed")).toEqual([]);
    const next = bench();
    expect(await next.run({ history: [...made.lines] })).toMatchObject({ kind: "done" });
  });
});

describe("a model that is away while it should sum up", () => {
  const away = { kind: "temporary", status: 503, message: "away", retryAfterSeconds: 60 } as const;

  it("puts the task off once, and nothing is changed", async () => {
    const made = bench({ summary: () => ({ error: away }) });
    const first = await made.run();
    expect(first).toMatchObject({ kind: "defer", notBefore: Date.parse("2026-01-01T00:01:00Z") });
    expect(compactions(made.lines)).toEqual([]);
    const back = bench();
    expect(await back.run({ history: [...made.lines] })).toMatchObject({ kind: "done" });
    expect(compactions(back.lines)[0]?.how).toBe("summary");
  });

  it("does not stop the task for ever", async () => {
    const made = bench({ summary: () => ({ error: away }) });
    await made.run();
    const again = bench({ summary: () => ({ error: away }) });
    expect(await again.run({ history: [...made.lines] })).toMatchObject({ kind: "done" });
    expect(compactions(again.lines)[0]?.how).toBe("shortened");
    expectValid(again);
  });

  it("waits for people where they are to pay for it", async () => {
    const need: SpendNeed = {
      ...{ agent: "tester", task: "t", unit: "usd", limit: 1 },
      ...{ spent: 1, allowed: 0, slice: 1 },
    };
    const error = { ...away, kind: "permanent", status: 402, needs: need } as const;
    const hold = { waitFor: ["q"], until: Date.parse("2026-01-01T01:00:00Z"), why: "money" };
    const askSpending = async () => ({ kind: "wait", hold }) as const;
    const made = bench({ summary: () => ({ error }) }, { askSpending });
    expect(await made.run()).toMatchObject({ kind: "held", waitFor: ["q"] });
    const kinds = made.lines.map(({ kind }) => kind);
    expect(kinds).not.toContain("compaction");
    expect(kinds).not.toContain("compaction-failed");
  });
});
