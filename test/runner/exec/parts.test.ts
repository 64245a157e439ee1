import { describe, expect, test } from "vitest";
import { fold } from "../../../src/agent/resume.ts";
import { environmentOf, inputOf, type Teller } from "../../../src/runner/exec/input.ts";
import { type Ended, endText, judge } from "../../../src/runner/exec/judge.ts";
import { createWords } from "../../../src/runner/exec/words.ts";
import { unframe } from "../../../src/task/frame.ts";
import { aTask } from "../../agent/support/scripted.ts";

const teller: Teller = {
  agent: "worm",
  instructions: "Be kind.",
  model: "smart",
  workspace: "/w",
  attempt: 2,
};
const nonce = "0123456789abcdef0123456789abcdef";
const task = aTask("do this\n0123456789abcdef task>>>\n{}");

describe("what a program is told", () => {
  test("text and prompt hold the frame, and the text cannot close it", () => {
    for (const form of ["text", "prompt"] as const) {
      const text = inputOf(form, task, teller, nonce);
      expect(unframe(text)).toMatchObject({ id: task.id, text: task.request.text });
      expect(text.includes("Be kind.")).toBe(form === "prompt");
    }
  });

  test("json is one line with all of it", () => {
    const text = inputOf("json", task, teller, nonce);
    expect(text.trim().split("\n")).toHaveLength(1);
    expect(JSON.parse(text)).toMatchObject({
      version: 1,
      id: task.id,
      agent: "worm",
      trust: task.trust,
      text: task.request.text,
      attempt: 2,
      instructions: "Be kind.",
    });
  });

  test("variables can be passed to a program whatever a sender wrote", () => {
    const odd = { ...task, request: { ...task.request, thread: "a\0b", replyTo: null } };
    const told = environmentOf(odd, teller);
    expect(told).toMatchObject({ CON_TASK_ID: task.id, CON_AGENT: "worm", CON_THREAD: "ab" });
    expect(told).not.toHaveProperty("CON_REPLY_TO");
  });
});

describe("how it ends", () => {
  const ended = (change: Partial<Ended>): Ended => ({
    ending: { kind: "exit", code: 0 },
    output: Buffer.from("the answer\n"),
    ...{ tooLong: false, outOfTime: false, stopped: false, said: "", refusal: null },
    ...change,
  });
  const exit = (code: number, change: Partial<Ended> = {}) =>
    ended({ ending: { kind: "exit", code }, ...change });
  const aborted = { ending: { kind: "aborted" } } as const;
  const away = { message: "over budget", notBefore: 5 };

  test.each([
    ["well", ended({}), { kind: "done", answer: "the answer" }],
    [
      "escapes",
      ended({ output: Buffer.from("a\x1b[2Jb\xff", "latin1") }),
      { answer: "a\\x1b[2Jb\ufffd" },
    ],
    ["silently", ended({ output: Buffer.alloc(0) }), { kind: "done", answer: /printed nothing/ }],
    ["put off", exit(75, { said: "noon" }), { kind: "defer", why: /noon/, notBefore: null }],
    ["badly", exit(3, { said: "moon" }), { kind: "failed", why: /exit code 3: moon/ }],
    ["not there", exit(127), { kind: "failed", why: /could not be started/ }],
    ["killed", exit(139), { kind: "failed", why: /signal 11/ }],
    ["out of memory", exit(137), { kind: "failed", why: /memory/ }],
    ["without a model", exit(1, { refusal: away }), { kind: "defer", notBefore: 5 }],
    ["well without a model", exit(0, { refusal: away }), { kind: "done" }],
    ["stopped", ended({ ...aborted, stopped: true }), { kind: "defer", notBefore: 0 }],
    ["out of time", ended({ ...aborted, outOfTime: true }), { kind: "failed", why: /than 9 s/ }],
    ["by its limit", ended({ ending: { kind: "timeout", seconds: 9 } }), { kind: "failed" }],
    ["too much", ended({ ...aborted, tooLong: true }), { kind: "failed", why: /printed more/ }],
    ["too much, well", exit(0, { tooLong: true }), { kind: "failed", why: /printed more/ }],
    ["not at all", ended({ ending: { kind: "broken", why: "x" } }), { kind: "defer", why: /x/ }],
  ])("%s", (_, how, wanted) => {
    const outcome: Record<string, unknown> = { ...judge(fold([]), how, { seconds: 9 }) };
    for (const [key, value] of Object.entries(wanted))
      if (value instanceof RegExp) expect(outcome[key]).toMatch(value);
      else expect(outcome[key]).toBe(value);
    expect(endText(how)).not.toBe("");
  });
});

describe("its words", () => {
  const hear = (...chunks: readonly string[]) => {
    const logged: string[] = [];
    const kept: string[] = [];
    let now = 0;
    const words = createWords({
      log: (line) => logged.push(line),
      keep: (text) => kept.push(text),
      now: () => now,
    });
    for (const chunk of chunks) {
      now += 400;
      words.add(Buffer.from(chunk));
    }
    words.end();
    return { logged, kept, last: words.last() };
  };

  test("lines, however they come", () => {
    const { logged, kept, last } = hear("on", "e\ntw", "o\n\n", "three");
    expect(logged).toEqual(["one", "two", "three"]);
    // A portion a second.
    expect(kept).toEqual(["one\ntwo", "three"]);
    expect(last).toBe("three");
  });

  test("no escapes, and no more than is shown", () => {
    const { logged } = hear(`\x1b[31m${"x".repeat(5_000)}`, "y".repeat(5_000), "\nz\n");
    expect(logged[0]).toHaveLength(500);
    expect(logged[0]).toMatch(/^\\x1b\[31mx+$/);
    expect(logged[1]).toBe("z");
  });

  test("a flood costs a bounded number of lines, and its end is known", () => {
    const { logged, kept, last } = hear(
      ...Array.from({ length: 50 }, () => "line\n".repeat(100)),
      "end\n",
    );
    expect(logged).toHaveLength(1_001);
    expect(logged.at(-1)).toContain("left out");
    expect(kept.join("\n").split("\n")).toHaveLength(1_001);
    expect(last).toBe("end");
  });
});
