import { describe, expect, it } from "vitest";
import { readAttempts } from "../../src/spool/attempts.ts";
import { expectAnswers, holdTask } from "../../src/spool/held.ts";
import { pathIn } from "../../src/spool/known.ts";
import { readNote, writeNote } from "../../src/spool/notes.ts";
import { questionPath } from "../../src/spool/question.ts";
import { rememberSent } from "../../src/spool/sent.ts";
import {
  desk,
  idOf,
  me,
  minute,
  noon,
  places,
  put,
  at as stamp,
  taskOf,
  timeOf,
} from "./support/desk.ts";
import {
  asked,
  attempts,
  first,
  held,
  id,
  later,
  overs,
  second,
  until,
} from "./support/held-task.ts";

describe("a task that is held", () => {
  it("lies there until the first of its calls gives up, with a note of who may answer", () => {
    const at = desk();
    rememberSent(at.disk, me, asked, "helper");
    const task = put(at, "active", taskOf(1));
    expect(holdTask(at.world, at.post, task, attempts, [later, first])).toBe("held");
    at.memory.reboot(true);
    expect(places(at, id)).toEqual(["held"]);
    expect(timeOf(at, pathIn(me, "held", id))).toBe(until);
    expect(readNote(at.disk, me, id)).toEqual({
      since: stamp(noon),
      calls: [
        { ...later, waitFor: [{ id: second, from: null }], over: null },
        { ...first, waitFor: [{ id: asked, from: "helper" }], over: null },
      ],
      answers: [],
    });
    expect(readAttempts(at.disk, me, id)).toEqual({ ...attempts, released: true });
    expect(at.told).toEqual([
      {
        ...{ state: "held", task, until, waitFor: [second, asked] },
        why: "root's word; helper's answer",
      },
    ]);
    expect(at.memory.names(me.outbox)).toEqual([]);
  });

  it("shows people what they are asked before it lies there", () => {
    const at = desk();
    const task = put(at, "active", taskOf(1));
    holdTask(at.world, at.post, task, attempts, [{ ...first, question: "go on?" }]);
    expect(JSON.parse(at.memory.text(questionPath(me, id)) ?? "null")).toMatchObject({
      ...{ id: asked, task: id, question: "go on?", asked: stamp(noon) },
    });
    expect(readNote(at.disk, me, id)?.calls[0]?.waitFor).toEqual([{ id: asked, from: "@people" }]);
  });

  it("is looked at by its deadline, if that comes first", () => {
    const at = desk();
    held(at, stamp(noon + minute));
    expect(timeOf(at, pathIn(me, "held", id))).toBe(noon + minute);
    expect(at.told[0]?.until).toBe(noon + minute);
  });

  it("is held also where nobody hears of it", () => {
    const { told: _, ...deaf } = desk().world;
    const at = desk();
    const task = put(at, "active", taskOf(1));
    expect(holdTask({ ...deaf, disk: at.disk }, at.post, task, attempts, [first])).toBe("held");
  });

  it("stays awake when everything was answered already, and its calls have their answers", () => {
    const at = desk();
    const task = put(at, "active", taskOf(1));
    const taken = [{ to: asked, task: idOf(8) }];
    expectAnswers(at.world, me, id, first);
    const note = readNote(at.disk, me, id);
    if (note === null) throw new Error("no note");
    writeNote(at.disk, me, id, { ...note, answers: taken });
    expect(holdTask(at.world, at.post, task, attempts, [first])).toBe("awake");
    expect(places(at, id)).toEqual(["active"]);
    expect(readNote(at.disk, me, id)?.answers).toEqual(taken);
    expect(readAttempts(at.disk, me, id).released).toBe(true);
    expect(at.told).toEqual([]);
  });

  it("stays awake when a thousand wait already, and is told why", () => {
    for (const [count, result] of [
      [999, "held"],
      [1000, "awake"],
    ] as const) {
      const at = desk();
      const task = put(at, "active", taskOf(1));
      const list = (path: string): string[] =>
        path === me.queue.held
          ? Array.from({ length: count }, (_, n) => `${n}.task`)
          : at.disk.list(path);
      const world = { ...at.world, disk: { ...at.disk, list } };
      expect(holdTask(world, at.post, task, attempts, [first]), `${count}`).toBe(result);
      const over = result === "held" ? null : "1000 tasks of this agent wait already";
      expect(overs(at)).toEqual([over]);
    }
  });
});

describe("what a call is about to ask for", () => {
  it("is noted beside the other calls, whose answers stay known", () => {
    const at = desk();
    rememberSent(at.disk, me, asked, "helper");
    expectAnswers(at.world, me, id, first);
    const note = readNote(at.disk, me, id);
    if (note === null) throw new Error("no note");
    const answers = [{ to: asked, task: idOf(8) }];
    writeNote(at.disk, me, id, { ...note, answers });
    at.clock.ms += 5;
    expectAnswers(at.world, me, id, later);
    expectAnswers(at.world, me, id, { ...first, why: "again" });
    at.memory.reboot(true);
    expect(readNote(at.disk, me, id)).toEqual({
      since: stamp(noon + 5),
      calls: [
        { ...later, waitFor: [{ id: second, from: null }], over: null },
        { ...first, why: "again", waitFor: [{ id: asked, from: "helper" }], over: null },
      ],
      answers,
    });
  });
});
