import { describe, expect, it } from "vitest";
import { readNote, writeNote } from "../../src/spool/notes.ts";
import { people } from "../../src/spool/wait-note.ts";
import type { Origin, Request } from "../../src/task/task.ts";
import {
  ada,
  answerIn,
  desk,
  idOf,
  me,
  noon,
  other,
  places,
  put,
  recordIn,
  root,
  at as stamp,
  taskOf,
  write,
} from "./support/desk.ts";
import { answer, asked, call, hold, id, none, reply, second, take } from "./support/waiter.ts";

describe("an answer that is waited for", () => {
  it("is taken, settled as such, and wakes who waited", () => {
    const at = desk();
    hold(at, [call("1-1", "helper", asked)]);
    expect(take(at, reply())).toEqual({ kind: "taken", woken: id });
    at.memory.reboot(true);
    expect([places(at, id), places(at, answer)]).toEqual([["active"], ["processed"]]);
    expect(readNote(at.disk, me, id)?.answers).toEqual([{ to: asked, task: answer }]);
    expect(answerIn(at, answer)).toBe(`Taken as the answer that task ${id} waited for.\n`);
    expect(recordIn(at, answer)).toMatchObject({
      ...{ status: "done", steps: 0, attempts: 1, started_at: stamp(noon - 5) },
    });
    expect(at.lines.at(-1)).toEqual({
      ...{ level: "info", message: "an answer was taken" },
      fields: { id: answer, to: id, complete: true },
    });
  });

  it("leaves who waits for more where it is", () => {
    const at = desk();
    hold(at, [call("1-1", "helper", asked, second)]);
    expect(take(at, reply())).toEqual({ kind: "taken", woken: null });
    expect([places(at, id), places(at, answer)]).toEqual([["held"], ["processed"]]);
    expect(at.lines.at(-1)?.fields).toMatchObject({ complete: false });
  });

  it("wakes nobody who is awake already", () => {
    for (const place of ["active", "deferred"] as const) {
      const at = desk();
      put(at, place, taskOf(1));
      const calls = [call("1-1", "helper", asked)];
      writeNote(at.disk, me, id, { since: stamp(noon), calls, answers: [] });
      expect(take(at, reply())).toEqual({ kind: "taken", woken: null });
      expect(places(at, id)).toEqual([place]);
    }
  });

  it("is taken once, also when a crash came between", () => {
    const at = desk();
    const answers = [{ to: asked, task: answer }];
    hold(at, [call("1-1", "helper", asked)], answers);
    expect(take(at, reply())).toEqual({ kind: "taken", woken: id });
    expect(readNote(at.disk, me, id)?.answers).toEqual(answers);
    // The same answer by another task is none: it was given.
    expect(take(at, { ...reply(), id: idOf(5) })).toEqual(none);
  });

  it("goes to whom it answers, of several who wait", () => {
    const at = desk();
    put(at, "held", taskOf(7));
    writeNote(at.disk, me, idOf(7), {
      ...{ since: stamp(noon), calls: [call("1-1", "helper", second)], answers: [] },
    });
    write(at, `${me.queue.held}/${idOf(8)}.wait.json`, "damaged");
    hold(at, [call("1-1", "helper", asked)]);
    expect(take(at, reply())).toEqual({ kind: "taken", woken: id });
    expect(places(at, idOf(7))).toEqual(["held"]);
  });
});

describe("who may answer", () => {
  const persons: Partial<Origin> = { from: ada, trust: "verified" };

  it.each<[string, string | null, Partial<Origin>, boolean]>([
    ["the agent that was asked", "helper", {}, true],
    ["no other agent", "helper", { from: other }, false],
    ["no person for an agent", "helper", persons, false],
    ["not root for an agent", "helper", { from: root, trust: "verified" }, false],
    ["nobody who moved the agent's file here", "helper", { moved: true }, false],
    ["root, where no agent was asked", null, { from: root, trust: "verified" }, true],
    ["no agent, where root was asked", null, {}, false],
    ["no trusted person, where root was asked", null, persons, false],
    ["nobody who moved root's file here", null, { from: root, moved: true }, false],
    ["a trusted person, where people were asked", people, persons, true],
    ["no stranger, where people were asked", people, { from: ada }, false],
    ["no agent, where people were asked", people, {}, false],
    ["no trusted agent, where people were asked", people, { trust: "verified" }, false],
    ["nobody who moved a person's file here", people, { ...persons, moved: true }, false],
  ])("%s", (_, from, origin, taken) => {
    const at = desk();
    hold(at, [call("1-1", from, asked)]);
    expect(take(at, reply({}, origin)).kind).toBe(taken ? "taken" : "none");
    expect(places(at, answer)).toEqual([taken ? "processed" : "active"]);
    expect(places(at, id)).toEqual([taken ? "active" : "held"]);
    expect(readNote(at.disk, me, id)?.answers).toHaveLength(taken ? 1 : 0);
  });

  it.each<[string, Partial<Request>]>([
    ["a word in between", { interim: true }],
    ["no answer at all", { replyTo: null }],
    ["an answer to something else", { replyTo: second }],
  ])("%s is not taken", (_, request) => {
    const at = desk();
    hold(at, [call("1-1", "helper", asked)]);
    expect(take(at, reply(request))).toEqual(none);
    expect(places(at, answer)).toEqual(["active"]);
  });

  it("nobody, once the waiting was ended, or the task", () => {
    const ended = desk();
    hold(ended, [{ ...call("1-1", "helper", asked), over: "too late" }]);
    expect(take(ended, reply())).toEqual(none);
    for (const place of ["processed", "failed", "corrupt"] as const) {
      const at = desk();
      put(at, place, taskOf(1));
      const calls = [call("1-1", "helper", asked)];
      writeNote(at.disk, me, id, { since: stamp(noon), calls, answers: [] });
      expect(take(at, reply())).toEqual(none);
    }
  });
});
