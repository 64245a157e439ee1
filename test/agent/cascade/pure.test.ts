/** The decisions of the cascade: what may be answered again, which model, how good an answer is, what is learned. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { isAlike, isSame, whyNotCached } from "../../../src/agent/cascade/cacheable.ts";
import { chunksOf, useOf } from "../../../src/agent/cascade/chunks.ts";
import { classify } from "../../../src/agent/cascade/classify.ts";
import { aboutOf, lessonOf, raised, warningsOf } from "../../../src/agent/cascade/learn.ts";
import { isPoor, qualityOf } from "../../../src/agent/cascade/quality.ts";
import { sameMeaning } from "../../../src/agent/cascade/words.ts";
import type { JournalLine } from "../../../src/agent/journal.ts";
import { requestOf } from "../../../src/task/codec.ts";
import { aTask } from "../support/scripted.ts";

describe("two texts that look alike", () => {
  test.each([
    ["What does invoice 1234 say about tax?", "What does invoice 1235 say about tax?"],
    ["Is Paris larger than London?", "Is London larger than Paris?"],
    ["Which plants may stand in the sun?", "Which plants may not stand in the sun?"],
    ["How much is 3 + 4 in words?", "How much is 3 * 4 in words?"],
    ['What does "alpha" mean in Greek?', 'What does "beta" mean in Greek?'],
    ["Where is /etc/hosts described?", "Where is /etc/passwd described?"],
    ["Can a cat swim in rivers?", "Can't a cat swim in rivers?"],
    ["What is the capital of France?", "What is the capital of Spain?"],
    ["Can a cat swim in cold rivers at night?", "Can a dog swim in cold rivers at night?"],
    ["Which rules hold for employees?", "Which rules hold for new employees?"],
    [
      "Tell me how the people in the north of France made cheese",
      "How was cheese made long ago by farmers and monks in Spain?",
    ],
  ])("%s / %s ask for two things", (a, b) => expect(sameMeaning(a, b)).toBe(false));

  it("may differ in small things", () => {
    expect(sameMeaning("What is the capital of France?", "what is the capital of france")).toBe(
      true,
    );
    expect(sameMeaning("Which invoice is open?", "Which invoices are open, please?")).toBe(true);
    expect(
      sameMeaning("How do I get a new password?", "My password is lost, where to ask for help?"),
    ).toBe(true);
  });

  it("gives the same verdict both ways, for any texts", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(sameMeaning(a, b)).toBe(sameMeaning(b, a));
        expect(sameMeaning(a, a)).toBe(true);
      }),
    );
  });
});

describe("the cache", () => {
  const why = (change: object, text = "What is the capital of France?"): string | null =>
    whyNotCached({ request: { ...requestOf(text), ...change } });

  it("is for a plain question", () => expect(why({})).toBeNull());

  test.each([
    ["thread", { thread: "t" }],
    ["answer", { replyTo: "x" }],
    ["files", { attachments: ["/a"] }],
    ["checks", { doneWhen: { checks: [], rounds: 1 } }],
    ["more than its text", { extra: { x: 1 } }],
  ])("is not for a task with: %s", (word, change) => expect(why(change)).toContain(word));

  test.each([
    "Delete the old reports",
    "Write a script that counts files",
    "please send the summary to bob",
    "What is the time in Paris?",
    "What is the latest news?",
  ])("is not for: %s", (text) => expect(why({}, text)).not.toBeNull());

  it("never gives one principal, or one context, what another got", () => {
    const who = fc.constantFrom("trusted", "uid-1000", "uid-1001", "uid-0");
    const context = fc.constantFrom("c1", "c2");
    const text = fc.constantFrom("What is the capital of France?", "What is the capital of Spain?");
    const kept = fc.record({ principal: who, context, text, at: fc.integer({ min: 0, max: 9e6 }) });
    const asked = fc.record({
      ...{ principal: who, context, text },
      now: fc.integer({ min: 0, max: 9e6 }),
      ttlSeconds: fc.integer({ min: 1, max: 3600 }),
    });
    fc.assert(
      fc.property(
        kept,
        asked,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (one, other, likeness) => {
          const was = { ...one, answer: "x" };
          if (!isSame(was, other) && !isAlike(was, other, likeness, 0.95)) return;
          expect([was.principal, was.context]).toEqual([other.principal, other.context]);
          expect(other.now - was.at).toBeLessThan(other.ttlSeconds * 1000);
          expect(other.now).toBeGreaterThanOrEqual(was.at);
          expect(was.text).toBe(other.text);
        },
      ),
    );
  });

  it("takes no likeness below the threshold, and none to a much longer text", () => {
    const asked = {
      principal: "p",
      context: "c",
      text: "capital of France",
      now: 1,
      ttlSeconds: 60,
    };
    const kept = { principal: "p", context: "c", answer: "Paris", at: 0 };
    const same = { ...kept, text: "Capital of France?" };
    expect(isAlike(same, asked, 0.96, 0.95)).toBe(true);
    expect(isAlike(same, asked, 0.94, 0.95)).toBe(false);
    const longer = { ...kept, text: `capital of France ${"x".repeat(60)}` };
    expect(isAlike(longer, asked, 0.99, 0.95)).toBe(false);
  });
});

test.each([
  ["What is the capital of France?", "fast"],
  ["hello", "fast"],
  ["Refactor this function and fix the bug", "strong"],
  ["Build a REST API with a database behind it", "strong"],
  ["Compare the three offers and explain which one is best", "balanced"],
  ["Tell me something about the garden in the north of the town, please", "balanced"],
])("%s goes to %s", (text, grade) => expect(classify(text).grade).toBe(grade));

describe("an answer's quality", () => {
  const question = "Which of the seven offers is the best one for our new office?";
  test.each([
    "",
    "Number three.",
    "I'm sorry, I cannot help with that. I don't know.",
    "Error: I can't answer.",
  ])("%j is poor", (answer) => {
    const { score } = qualityOf(question, answer);
    expect(isPoor({ score, why: "" })).toBe(answer !== "Number three.");
  });

  it("is good for a plain answer", () => {
    const good = "The third offer: it costs least and the lease is the shortest of them all.";
    expect(qualityOf(question, good)).toEqual({ score: 1, why: "nothing speaks against it" });
  });

  it("stays between 0 and 1", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const { score } = qualityOf(a, b);
        expect(score >= 0 && score <= 1).toBe(true);
      }),
    );
  });
});

describe("documents", () => {
  it("are cut at paragraphs, with their headline", () => {
    const text = `# Guide\n\nIntro.\n\n## How to reset?\nPress the button.\n\n${"word ".repeat(90)}\n\n${"more ".repeat(90)}`;
    const chunks = chunksOf(text);
    expect(chunks.map(({ heading }) => heading)).toEqual([
      "Guide",
      "How to reset?",
      "How to reset?",
    ]);
    expect(chunks[1]?.text.startsWith("Press the button.")).toBe(true);
  });

  it("lose no word, whatever they hold", () => {
    const word = fc.stringMatching(/^[a-z]{1,20}$/);
    fc.assert(
      fc.property(fc.array(fc.array(word, { minLength: 1 }), { maxLength: 20 }), (paragraphs) => {
        const text = paragraphs.map((words) => words.join(" ")).join("\n\n");
        const back = chunksOf(text).map((chunk) => chunk.text);
        expect(back.join(" ").replaceAll(/\s+/g, "")).toBe(text.replaceAll(/\s+/g, ""));
      }),
    );
  });

  it("answer, go along or do nothing, by their score", () => {
    const bounds = { answer: 0.85, augment: 0.6 };
    const of = (score: number) => [{ path: "/p", heading: "", text: "t", score }];
    const kind = (score: number, may = true) => useOf(of(score), bounds, () => may).kind;
    expect([kind(0.85), kind(0.84), kind(0.6), kind(0.59)]).toEqual([
      "answer",
      "augment",
      "augment",
      "nothing",
    ]);
    expect(kind(0.99, false)).toBe("augment");
  });
});

describe("lessons", () => {
  const skill = { name: "deploy", description: "deploys", path: "/x/skills/deploy/SKILL.md" };
  const at = aTask("").receivedAt;
  const call = (index: number, name: string, args: object): JournalLine => ({
    ...{ kind: "tool-intent", step: 1, index, name, arguments: JSON.stringify(args), at },
  });
  const result = (index: number, text: string): JournalLine => ({
    ...{ kind: "tool-result", step: 1, index, ok: true, text, interrupted: false, sent: null, at },
  });
  const read = [call(1, "read_file", { path: skill.path }), result(1, "steps")];

  it("come from the last exit code, not from words", () => {
    const ended = (code: number) => [
      ...read,
      call(2, "shell", { command: "make" }),
      result(2, `All is well, success!\n[exit code ${code}]`),
    ];
    expect(lessonOf(ended(0), aboutOf(ended(0), [skill], null))).toEqual({
      ...{ ok: true, error: null, about: ["skill:deploy"] },
    });
    expect(lessonOf(ended(2), aboutOf(ended(2), [skill], "fast"))).toMatchObject({
      ...{ ok: false, about: ["skill:deploy", "route:fast"] },
    });
    expect(lessonOf(read, aboutOf(read, [skill], null))).toBeNull();
  });

  it("are of the skill that use_skill opened, and of no other", () => {
    const other = { ...skill, name: "deploy-more", path: "/x/skills/deploy-more/SKILL.md" };
    const end = [call(3, "shell", {}), result(3, "[exit code 1]")];
    const about = (args: unknown): string[] =>
      aboutOf([call(1, "use_skill", args as object), ...end], [skill, other], null);
    expect(about({ name: "deploy" })).toEqual(["skill:deploy"]);
    expect(about({ find: "deploy" })).toEqual([]);
    expect(about(null)).toEqual([]);
    const torn = { ...call(1, "use_skill", {}), arguments: '{"name":"dep' } as JournalLine;
    expect(aboutOf([torn, ...end], [skill], null)).toEqual([]);
  });

  it("come from completion checks before exit codes", () => {
    const check = { name: "file", state: "fail", found: "no such file", kind: "x" };
    const line = { kind: "check-result", round: 1, results: [check], text: "no", at };
    const shell = [call(2, "shell", {}), result(2, "[exit code 0]")];
    const lines = [...read, ...shell, line as unknown as JournalLine];
    expect(lessonOf(lines, aboutOf(lines, [skill], null))).toMatchObject({
      ...{ ok: false, error: "check file: no such file" },
    });
  });

  it("warn after two failures of the last three, and raise the model", () => {
    const past = (...oks: boolean[]) => ({
      about: "skill:deploy",
      results: oks.map((ok) => ({ ok, error: ok ? null : "make: *** [all] Error 2" })),
    });
    expect(warningsOf([past(true, true, false, false)], () => true)).toEqual([]);
    expect(warningsOf([past(false, true, false)], () => true)).toEqual([
      "- skill deploy failed 2 of the last 3 times, lately: make: *** [all] Error 2",
    ]);
    const route = { ...past(false, false), about: "route:fast" };
    expect([raised("fast", [route]), raised("balanced", [route])]).toEqual([
      "balanced",
      "balanced",
    ]);
  });
});
