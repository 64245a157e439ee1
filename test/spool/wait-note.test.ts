import { describe, expect, it } from "vitest";
import {
  awaitedIn,
  decodeNote,
  dueAt,
  encodeNote,
  isClosed,
  isOpen,
  noteFor,
  people,
  type WaitingCall,
  type WaitNote,
  withAnswer,
  withEnds,
} from "../../src/spool/wait-note.ts";
import type { CallHold } from "../../src/task/hold.ts";
import { at, idOf, noon } from "./support/desk.ts";

const [a, b, c] = [idOf(1), idOf(2), idOf(3)] as const;
const hour = 3_600_000;

const call = (name: string, waitFor: readonly string[], rest: Partial<WaitingCall> = {}) => ({
  ...{ call: name, why: `why ${name}`, until: noon + hour, over: null, ...rest },
  waitFor: waitFor.map((id) => ({ id, from: "ann" })),
});

const noteOf = (calls: readonly WaitingCall[], answers: WaitNote["answers"] = []): WaitNote => ({
  ...{ since: at(noon), calls, answers },
});

const two = noteOf([call("1-1", [a, b]), call("1-2", [c], { until: noon + 2 * hour })]);

describe("a note", () => {
  it("is open until each call has all its answers", () => {
    const first = withAnswer(two, { to: a, task: idOf(11) });
    const second = withAnswer(first, { to: b, task: idOf(12) });
    const third = withAnswer(second, { to: c, task: idOf(13) });
    const open = [two, first, second, third].map((note) => note.calls.map((k) => isOpen(note, k)));
    expect(open).toEqual([
      [true, true],
      [true, true],
      [false, true],
      [false, false],
    ]);
    expect([two, first, second, third].map(isClosed)).toEqual([false, false, false, true]);
    expect([two, first, second, third].map((n) => awaitedIn(n).map(({ id }) => id))).toEqual([
      [a, b, c],
      [b, c],
      [c],
      [],
    ]);
    expect(third.answers.map(({ to }) => to)).toEqual([a, b, c]);
  });

  it("is closed by an end as by an answer, and what was ended takes none", () => {
    const ended = withEnds(two, ({ call: name }) => (name === "1-1" ? "too late" : null));
    expect(ended.calls.map(({ over }) => over)).toEqual(["too late", null]);
    expect(awaitedIn(ended)).toEqual([{ id: c, from: "ann" }]);
    const again = withEnds(ended, () => "another reason");
    expect(again.calls.map(({ over }) => over)).toEqual(["too late", "another reason"]);
    expect(isClosed(again)).toBe(true);
  });

  it("keeps what was answered from being ended later", () => {
    const answered = withAnswer(noteOf([call("1-1", [a])]), { to: a, task: b });
    expect(withEnds(answered, () => "over")).toEqual(answered);
  });

  it("is due when its first open call gives up, or the deadline comes", () => {
    expect(dueAt(two, null)).toBe(noon + hour);
    expect(dueAt(two, at(noon + 5))).toBe(noon + 5);
    expect(dueAt(two, at(noon + 3 * hour))).toBe(noon + hour);
    const one = withEnds(two, ({ call: name }) => (name === "1-1" ? "over" : null));
    expect(dueAt(one, null)).toBe(noon + 2 * hour);
    expect(dueAt(noteOf([]), null)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("a fresh note", () => {
  const hold = (name: string, waitFor: readonly string[], question?: string): CallHold => ({
    ...{ call: name, waitFor, until: noon + hour, why: `why ${name}` },
    ...(question === undefined ? {} : { question }),
  });
  const who = (id: string): string | null => (id === a ? "ann" : null);

  it("names who may answer: who was asked, else root, or people where people are asked", () => {
    const note = noteFor([hold("1-1", [a, b]), hold("1-2", [a, c], "go on?")], who, at(noon), null);
    expect(note).toEqual({
      since: at(noon),
      calls: [
        {
          ...{ call: "1-1", why: "why 1-1", until: noon + hour, over: null },
          waitFor: [
            { id: a, from: "ann" },
            { id: b, from: null },
          ],
        },
        {
          ...{ call: "1-2", why: "why 1-2", until: noon + hour, over: null },
          waitFor: [
            { id: a, from: people },
            { id: c, from: people },
          ],
        },
      ],
      answers: [],
    });
  });

  it("keeps who was asked by the same call, and the answers to what is waited for", () => {
    const earlier = noteOf(
      [call("1-1", [b], { over: "time" }), call("1-9", [c])],
      [
        { to: b, task: idOf(11) },
        { to: c, task: idOf(12) },
      ],
    );
    const note = noteFor([hold("1-1", [b, a]), hold("1-2", [b])], who, at(noon + 1), earlier);
    expect(note.since).toBe(at(noon + 1));
    expect(note.calls.map(({ waitFor, over }) => ({ waitFor, over }))).toEqual([
      {
        waitFor: [
          { id: b, from: "ann" },
          { id: a, from: "ann" },
        ],
        over: null,
      },
      { waitFor: [{ id: b, from: null }], over: null },
    ]);
    expect(note.answers).toEqual([{ to: b, task: idOf(11) }]);
  });
});

describe("the text of a note", () => {
  const note = noteOf(
    [
      { ...call("1-1", [a]), waitFor: [{ id: a, from: null }] },
      call("1-2", [b], { over: "too late" }),
    ],
    [{ to: b, task: c }],
  );
  const text = Buffer.from(encodeNote(note)).toString("utf8");
  const edited = (change: object): Uint8Array =>
    Buffer.from(JSON.stringify({ ...JSON.parse(text), ...change }));
  const firstCall = (rest: object): object => {
    const [first, ...others] = JSON.parse(text).calls;
    return { calls: [{ ...first, ...rest }, ...others] };
  };

  it("is one line with names that people can read", () => {
    expect(text.endsWith("}\n")).toBe(true);
    expect(JSON.parse(text)).toEqual({
      con: 1,
      since: at(noon),
      calls: [
        {
          ...{ call: "1-1", why: "why 1-1", until: at(noon + hour), over: null },
          wait_for: [{ id: a, from: "root" }],
        },
        {
          ...{ call: "1-2", why: "why 1-2", until: at(noon + hour), over: "too late" },
          wait_for: [{ id: b, from: "ann" }],
        },
      ],
      answers: [{ to: b, task: c }],
    });
    expect(decodeNote(Buffer.from(text))).toEqual(note);
  });

  it.each([
    ["another version", { con: 2 }],
    ["no time", { since: 5 }],
    ["calls that are no list", { calls: { length: 0 } }],
    ["a call that is no object", { calls: [null] }],
    ["answers that are none", { answers: undefined }],
    ["a call without its number", firstCall({ call: 1 })],
    ["a call without its reason", firstCall({ why: null })],
    ["a call without its end", firstCall({ until: 2027 })],
    ["a call with an end that is no time", firstCall({ until: "soon" })],
    ["a call that waits for no list", firstCall({ wait_for: a })],
    ["an awaited path", firstCall({ wait_for: [{ id: `../${a}`, from: "ann" }] })],
    ["an awaited list", firstCall({ wait_for: [{ id: [a], from: "ann" }] })],
    ["an awaited number", firstCall({ wait_for: [{ id: 7, from: "ann" }] })],
    ["nobody who may answer", firstCall({ wait_for: [{ id: a, from: null }] })],
    ["an answer to a path", { answers: [{ to: "../x", task: c }] }],
    ["an answer to a list", { answers: [{ to: [b], task: c }] }],
    ["an answer that is a list", { answers: [{ to: b, task: [c] }] }],
    ["an answer to a number", { answers: [{ to: 1, task: c }] }],
    ["an answer that is a path", { answers: [{ to: b, task: "/c" }] }],
    ["an answer that is a number", { answers: [{ to: b, task: 3 }] }],
  ])("is not believed in part: %s makes it no note", (_, change) => {
    expect(decodeNote(edited(change))).toBeNull();
  });

  it.each(["", "null", "[]", "7", "{"])("%j is no note", (other) => {
    expect(decodeNote(Buffer.from(other))).toBeNull();
  });

  it("does not take an end for one that is no text", () => {
    expect(decodeNote(edited(firstCall({ over: true })))?.calls[0]?.over).toBeNull();
  });
});
