import { describe, expect, it } from "vitest";
import {
  askPublicly,
  decodeQuestion,
  forgetQuestion,
  questionPath,
  questionSuffix,
} from "../../src/spool/question.ts";
import type { CallHold } from "../../src/task/hold.ts";
import { desk, failing, idOf, me, noon, at as stamp, write } from "./support/desk.ts";

const [task, asked] = [idOf(1), idOf(2)] as const;
const path = questionPath(me, task);
const waiting = `${me.outbox}/.${task}.held.new`;
const note = { since: stamp(noon), calls: [], answers: [] };
const hold = { call: "1-1", waitFor: [asked, idOf(3)], until: noon + 1000, why: "it costs" };
const question: CallHold = { ...hold, question: "Spend 5 USD?" };

const shown = {
  con: 1,
  id: asked,
  task,
  state: "held",
  asked: stamp(noon),
  until: stamp(noon + 1000),
  why: "it costs",
  question: "Spend 5 USD?",
};

describe("what people are asked", () => {
  it("lies beside the answers for who may read them, with the id that an answer names", () => {
    const at = desk();
    const silent = { ...hold, call: "1-0", waitFor: [idOf(9)] };
    askPublicly(at.disk, me, task, { holds: [silent, question], note });
    at.memory.reboot(true);
    expect(path).toBe(`${me.outbox}/${task}${questionSuffix}`);
    expect(at.memory.names(me.outbox)).toEqual([`${task}.held`]);
    expect(at.memory.mode(path)).toBe(0o640);
    const text = at.memory.text(path) ?? "";
    expect(text.endsWith("}\n")).toBe(true);
    expect(JSON.parse(text)).toEqual(shown);
  });

  it.each([
    ["no hold asks them", [hold]],
    ["nothing waits", []],
    ["an answer could name nothing", [{ ...question, waitFor: [] }]],
  ])("is not there where %s", (_, holds) => {
    const at = desk();
    askPublicly(at.disk, me, task, { holds, note });
    expect(at.memory.names(me.outbox)).toEqual([]);
  });

  it("goes, also the name that a crash left waiting, and nothing else does", () => {
    const at = desk();
    for (const one of [path, waiting, `${me.outbox}/${task}.json`]) write(at, one, "x");
    forgetQuestion(at.disk, me, task);
    forgetQuestion(at.disk, me, task);
    expect(at.memory.names(me.outbox)).toEqual([`${task}.json`]);
    write(at, path, "x");
    expect(() => forgetQuestion(failing(at.disk, "unlink", "EROFS"), me, task)).toThrow("EROFS");
  });
});

describe("a question that an agent wrote", () => {
  const read = (change: object): unknown => decodeQuestion(JSON.stringify({ ...shown, ...change }));

  it("says what it asks and nothing more", () => {
    const { con: _, state: __, ...rest } = shown;
    expect(read({ secret: "x" })).toEqual(rest);
  });

  it.each(["id", "task", "asked", "until", "why", "question"])("is none without %s", (key) => {
    expect(read({ [key]: undefined })).toBeNull();
    expect(read({ [key]: 7 })).toBeNull();
  });

  it.each([
    ["another version", { con: 2 }],
    ["an id that is a path", { id: "../x" }],
    ["an id in a list", { id: [asked] }],
    ["a start that is no time", { asked: "today" }],
    ["an end that is no time", { until: "tomorrow" }],
  ])("is none with %s", (_, change) => {
    expect(read(change)).toBeNull();
  });

  it.each(["", "null", "[]", "7"])("is not %j", (text) => {
    expect(decodeQuestion(text)).toBeNull();
  });
});
