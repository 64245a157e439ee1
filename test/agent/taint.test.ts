/** A task that has read words of strangers stays so, whatever happens to it; calls before it are told apart. */
import { describe, expect, it } from "vitest";
import { encodeLines, type JournalLine } from "../../src/agent/journal.ts";
import { advance, fold } from "../../src/agent/resume.ts";
import { callsIn } from "../../src/agent/taint.ts";
import type { ToolResult } from "../../src/tools/result.ts";
import type { ToolContext } from "../../src/tools/tool.ts";
import { call, countingTool, createBench, scriptedModel } from "./support/scripted.ts";

const page = countingTool("page", { act: () => ({ ok: true, text: "obey", untrusted: true }) });
const look = countingTool("look");
const later = Date.parse("2026-01-01T01:00:00Z");

/** Says what its call knows. */
function watching(seen: unknown[]) {
  return countingTool("watch", {
    act: (_, { task, calls }: ToolContext) => {
      seen.push({ tainted: task.tainted, calls: calls?.().map(({ id, clean }) => [id, clean]) });
      return { ok: true, text: "seen" };
    },
  });
}

const one = (name: string, id: string) => ({ toolCalls: [call(name, { text: "x" }, id)] });

describe("a task", () => {
  it("is tainted from the result on, for all that it calls later, in any attempt", async () => {
    const seen: unknown[] = [];
    const tools = [page.tool, look.tool, watching(seen).tool];
    const steps = [one("look", "a"), one("watch", "b"), one("page", "c"), one("watch", "d")];
    const bench = createBench(scriptedModel([...steps, { text: "done" }]), tools);
    expect(await bench.run()).toMatchObject({ kind: "done" });
    expect(seen).toEqual([
      { tainted: false, calls: [["1-1", true]] },
      {
        tainted: true,
        calls: [
          ["3-1", false],
          ["2-1", true],
          ["1-1", true],
        ],
      },
    ]);
    // Cut anywhere behind the page: it is so at once in the next attempt.
    const at = bench.lines.findIndex((line) => line.kind === "tool-result" && line.untrusted);
    for (const cut of [at, at - 1]) {
      const more: unknown[] = [];
      const again = createBench(scriptedModel([...steps, { text: "done" }]), [
        ...tools.slice(0, 2),
        watching(more).tool,
      ]);
      await again.run({ history: bench.lines.slice(0, cut + 1) });
      // A call that a crash cut brought nothing.
      expect(more).toMatchObject([{ tainted: cut === at }]);
    }
  });

  it("stays so after a compaction and after a retry", () => {
    const at = "2026-01-01T00:00:00.000Z";
    const tainted = fold([
      { kind: "prompt", nonce: "0", messages: [], untrusted: true, at },
      { kind: "attempt", at },
    ]);
    expect(tainted.tainted).toBe(true);
    const compaction: JournalLine = {
      ...{ kind: "compaction", n: 1, how: "summary", from: 0, to: 0, text: "sum", edits: [] },
      ...{ memories: [], before: 1, after: 1, learned: null, at },
    };
    for (const line of [compaction, { kind: "retry", at } as const])
      expect(advance(tainted, line).tainted).toBe(true);
    expect(fold([{ kind: "prompt", nonce: "0", messages: [], at }]).tainted).toBe(false);
  });

  it("is tainted by its background, and by what its checks found", async () => {
    const model = scriptedModel([{ text: "one" }, { text: "two" }]);
    const bench = createBench(model);
    const section = { heading: "h", text: "t" };
    await bench.run({ background: () => [section] });
    expect(fold(bench.lines).tainted).toBe(false);
    const theirs = createBench(model);
    await theirs.run({ background: () => [section, { ...section, untrusted: true }] });
    expect(fold(theirs.lines).tainted).toBe(true);
    for (const untrusted of [true, false]) {
      const made = createBench(scriptedModel([{ text: "one" }, { text: "two" }]));
      const results = [{ name: "c", state: "fail", found: "obey" }] as const;
      const completion = { rounds: 1, refusal: null, evaluate: async () => results };
      await made.run({ completion: { ...completion, untrusted } });
      expect(fold(made.lines).tainted).toBe(untrusted);
    }
  });
});

describe("an answer that was waited for", () => {
  async function woken(
    answer: { readonly from: string; readonly person?: true },
    held: Partial<ToolResult> = {},
  ): Promise<boolean> {
    const hold = { waitFor: ["q"], until: later, why: "w" };
    const ask = countingTool("ask", { act: () => ({ ok: true, text: "asked", hold, ...held }) });
    const bench = createBench(scriptedModel([one("ask", "a"), { text: "done" }]), [ask.tool]);
    expect(await bench.run()).toMatchObject({ kind: "held" });
    expect(fold(bench.lines).tainted).toBe(false);
    const answers = [{ to: "q", id: "r", text: "obey", ...answer }];
    const history = [...bench.lines];
    await bench.run({ history, woken: [{ call: "1-1", answers, over: null }] });
    return fold(bench.lines).tainted;
  }

  it("taints where an agent gave it, or the steward brings an agent's words", async () => {
    expect(await woken({ from: "peer" })).toBe(true);
    expect(await woken({ from: "root" }, { untrusted: true })).toBe(true);
  });

  it("taints nothing where the steward or a person gave it", async () => {
    expect(await woken({ from: "root" })).toBe(false);
    expect(await woken({ from: "anna", person: true })).toBe(false);
  });

  it("taints nothing that did not come", async () => {
    const hold = { waitFor: ["q"], until: later, why: "w" };
    const act = () => ({ ok: true, text: "asked", hold, untrusted: true }) as const;
    const ask = countingTool("ask", { act });
    const bench = createBench(scriptedModel([one("ask", "a"), { text: "done" }]), [ask.tool]);
    await bench.run();
    await bench.run({
      history: [...bench.lines],
      woken: [{ call: "1-1", answers: [], over: "late" }],
    });
    expect(fold(bench.lines).tainted).toBe(false);
  });
});

it("a journal of an earlier version taints nothing, and its calls are known", () => {
  const at = "2026-01-01T00:00:00.000Z";
  const lines: JournalLine[] = [
    { kind: "prompt", nonce: "0", messages: [], at },
    {
      ...{ kind: "model-result", step: 1, text: "", model: "m", costUsd: 0, at },
      ...{ toolCalls: [call("look", {})], usage: { input: 0, output: 0 } },
    },
    { kind: "tool-intent", step: 1, index: 1, name: "look", arguments: "{}", at },
    {
      ...{ kind: "tool-result", step: 1, index: 1, ok: true, text: "t", at },
      ...{ interrupted: false, sent: null },
    },
  ];
  expect(encodeLines(lines)).not.toContain("untrusted");
  expect(callsIn(fold(lines).calls)).toEqual([
    { id: "1-1", tool: "look", ok: true, clean: true, at: Date.parse(at) },
  ]);
});
