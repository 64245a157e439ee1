import { describe, expect, it } from "vitest";
import { decodeLines, encodeLines, type JournalLine, progressOf } from "../../src/agent/journal.ts";
import { fold } from "../../src/agent/resume.ts";
import { call, countingTool, createBench, scriptedModel } from "./support/scripted.ts";

const attempt: JournalLine = { kind: "attempt", at: "2026-01-01T00:00:00.000Z" };
const note: JournalLine = { kind: "note", step: 1, text: "größer\n\u2028", at: attempt.at };

describe("lines", () => {
  it("come back as they were", () => {
    const text = encodeLines([attempt, note]);
    expect(decodeLines(text)).toEqual({
      ok: true,
      lines: [attempt, note],
      bytes: Buffer.byteLength(text),
    });
  });

  it("cut anywhere in the last one are whole up to there", () => {
    const whole = encodeLines([attempt]);
    const text = encodeLines([attempt, note]);
    for (let length = whole.length; length < text.length; length += 1)
      expect(decodeLines(text.slice(0, length))).toEqual({
        ok: true,
        lines: [attempt],
        bytes: Buffer.byteLength(whole),
      });
  });

  it("are refused when one before the last is damaged", () => {
    const text = `${encodeLines([attempt])}{"kind":"no\n${encodeLines([note])}`;
    expect(decodeLines(text)).toMatchObject({ ok: false, line: 2 });
    expect(decodeLines(`{"kind":"unheard-of"}\n${encodeLines([note])}`)).toMatchObject({
      ok: false,
    });
  });
});

/** Three steps, with a parallel turn in the middle. */
function scene() {
  const write = countingTool("write");
  const read = countingTool("read", { parallel: true });
  const model = scriptedModel([
    {
      text: "first",
      toolCalls: [call("write", { text: "1" }, "a"), call("write", { text: "2" }, "b")],
    },
    { toolCalls: [call("read", { text: "3" }, "c"), call("read", { text: "4" }, "d")] },
    { toolCalls: [call("missing", {}, "e"), call("write", { text: "5" }, "f")] },
    { text: "the end" },
  ]);
  return { write, read, model, bench: createBench(model, [write.tool, read.tool]) };
}

describe("resume", () => {
  it("ends with the same transcript from every line, and repeats no completed call", async () => {
    const reference = scene();
    await reference.bench.run();
    const { lines } = reference.bench;
    expect(lines.length).toBeGreaterThan(20);
    const wanted = fold(lines);
    for (let cut = 0; cut <= lines.length; cut += 1) {
      const history = lines.slice(0, cut);
      const again = scene();
      const outcome = await again.bench.run({ history });
      expect(outcome, `cut after ${cut}`).toMatchObject({ kind: "done", answer: "the end" });
      checkCalls(history, [...again.write.calls, ...again.read.calls]);
      const total = fold([...history, ...again.bench.lines]);
      expect(withoutInterruptions(total.messages), `cut after ${cut}`).toEqual(
        withoutInterruptions(wanted.messages, openCalls(history)),
      );
      expect(total.tally).toEqual(wanted.tally);
    }
  });

  it("asks nobody again once the end is written", async () => {
    const first = scene();
    const outcome = await first.bench.run();
    const second = scene();
    expect(await second.bench.run({ history: first.bench.lines })).toEqual(outcome);
    expect(second.model.requests).toEqual([]);
    expect(second.bench.lines).toEqual([]);
  });

  it("tells the model about a call that was cut", async () => {
    const first = scene();
    await first.bench.run();
    const at = first.bench.lines.findIndex(({ kind }) => kind === "tool-intent");
    const second = scene();
    await second.bench.run({ history: first.bench.lines.slice(0, at + 1) });
    const result = second.bench.lines.find((line) => line.kind === "tool-result");
    expect(result).toMatchObject({ interrupted: true, ok: false });
    expect(second.write.calls[0]).toEqual({ text: "2" });
  });

  it("runs on after a failure, with what was completed before", async () => {
    const error = { error: { kind: "permanent" as const, status: 401, message: "bad key" } };
    const echo = countingTool("echo");
    const turn = { toolCalls: [call("echo", { text: "a" })] };
    const broken = createBench(scriptedModel([turn, error]), [echo.tool]);
    expect((await broken.run()).kind).toBe("failed");
    const mended = createBench(scriptedModel([turn, { text: "good" }]), [echo.tool]);
    const outcome = await mended.run({ history: broken.lines });
    expect(outcome).toMatchObject({ kind: "done", answer: "good" });
    expect(mended.lines[0]?.kind).toBe("retry");
    expect(echo.calls).toHaveLength(1);
  });

  it("gives up at last when a failed end is never settled", async () => {
    const error = { error: { kind: "permanent" as const } };
    const model = scriptedModel([error]);
    const history: JournalLine[] = [];
    for (let attempts = 0; attempts < 10; attempts += 1) {
      const bench = createBench(model);
      expect((await bench.run({ history })).kind).toBe("failed");
      history.push(...bench.lines);
    }
    expect(model.requests).toHaveLength(6);
  });

  it("counts completed calls as progress, intents not", async () => {
    const { bench } = scene();
    await bench.run();
    expect(progressOf(bench.lines)).toBe(4 + 6);
    expect(progressOf(bench.lines.slice(0, 3))).toBe(0);
  });
});

const keyOf = (line: { step: number; index: number }) => `${line.step}.${line.index}`;

function openCalls(history: readonly JournalLine[]): string[] {
  const ended = new Set(
    history.flatMap((line) => (line.kind === "tool-result" ? [keyOf(line)] : [])),
  );
  return history.flatMap((line) =>
    line.kind === "tool-intent" && !ended.has(keyOf(line))
      ? [(JSON.parse(line.arguments) as { text: string }).text]
      : [],
  );
}

/** What was begun before the cut must not be called again. */
function checkCalls(history: readonly JournalLine[], calls: readonly unknown[]): void {
  const begun = history.flatMap((line) =>
    line.kind === "tool-intent" ? [(JSON.parse(line.arguments) as { text: string }).text] : [],
  );
  const made = calls.map((args) => (args as { text: string }).text);
  expect(made.filter((text) => begun.includes(text))).toEqual([]);
  expect([...begun, ...made].sort()).toEqual(["1", "2", "3", "4", "5"]);
}

/** The same conversation with the results of cut calls blanked: those differ, and must. */
function withoutInterruptions(
  messages: readonly unknown[],
  cut: readonly string[] = [],
): unknown[] {
  return (messages as { role: string; content: unknown }[]).map((message) => {
    const text = String(message.content);
    const wasCut = message.role === "tool" && cut.some((name) => text.endsWith(`(${name})`));
    return wasCut || text.startsWith("interrupted:") ? { ...message, content: "cut" } : message;
  });
}
