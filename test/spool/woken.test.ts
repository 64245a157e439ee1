/** How the waiting of a task ends. */
import { describe, expect, it } from "vitest";
import { dueHeld, endDue, holdTask, release, wake } from "../../src/spool/held.ts";
import { pathIn } from "../../src/spool/known.ts";
import { notePath, writeNote } from "../../src/spool/notes.ts";
import {
  desk,
  me,
  minute,
  noon,
  places,
  put,
  at as stamp,
  taskOf,
  timeOf,
  write,
} from "./support/desk.ts";
import { attempts, first, held, id, overs, until } from "./support/held-task.ts";

describe("a held task whose time comes", () => {
  it("is due at that moment and not before", () => {
    const at = desk();
    held(at);
    expect(dueHeld(at.world, at.post)).toEqual([]);
    at.clock.ms = until - 1;
    expect(dueHeld(at.world, at.post)).toEqual([]);
    at.clock.ms = until;
    expect(dueHeld(at.world, at.post)).toEqual([id]);
  });

  it("is not due any more when it went meanwhile", () => {
    const at = desk();
    const disk = { ...at.disk, list: () => [`${id}.task`] };
    expect(dueHeld({ ...at.world, disk }, at.post)).toEqual([]);
  });

  it("waits on for its other call, until that is over too", async () => {
    const at = desk();
    held(at);
    at.clock.ms = until - 1;
    expect(await endDue(at.world, at.post, id)).toBe(false);
    expect(overs(at)).toEqual([null, null]);
    at.clock.ms = until;
    expect(await endDue(at.world, at.post, id)).toBe(false);
    expect(overs(at)).toEqual(["the time for it is over", null]);
    expect(places(at, id)).toEqual(["held"]);
    expect(timeOf(at, pathIn(me, "held", id))).toBe(until + minute);
    at.clock.ms = until + minute;
    expect(await endDue(at.world, at.post, id)).toBe(true);
    expect(places(at, id)).toEqual(["active"]);
    expect(overs(at)).toEqual(["the time for it is over", "the time for it is over"]);
  });

  it("waits for nothing more when its deadline passed", async () => {
    const at = desk();
    held(at, stamp(noon + minute));
    at.clock.ms = noon + minute;
    expect(await endDue(at.world, at.post, id)).toBe(true);
    const why = "the deadline of the task passed";
    expect(overs(at)).toEqual([why, why]);
    expect(places(at, id)).toEqual(["active"]);
  });

  it("is awake also without a note, with a closed one, or with a damaged task", async () => {
    const without = desk();
    put(without, "held", taskOf(1));
    expect(await endDue(without.world, without.post, id)).toBe(true);
    const closed = desk();
    put(closed, "held", taskOf(1));
    writeNote(closed.disk, me, id, { since: stamp(noon), calls: [], answers: [] });
    expect(await endDue(closed.world, closed.post, id)).toBe(true);
    const damaged = desk();
    held(damaged);
    write(damaged, pathIn(me, "held", id), "{}\n");
    damaged.clock.ms = until + minute;
    expect(await endDue(damaged.world, damaged.post, id)).toBe(true);
    expect([without, closed, damaged].map((at) => places(at, id))).toEqual([
      ["active"],
      ["active"],
      ["active"],
    ]);
  });

  it("is nobody's any more when it is gone", async () => {
    const at = desk();
    held(at);
    at.disk.unlink(pathIn(me, "held", id));
    at.clock.ms = until;
    expect(await endDue(at.world, at.post, id)).toBe(false);
    expect(overs(at)).toEqual([null, null]);
  });
});

describe("a held task that is woken", () => {
  it("is active again, and people are asked no more", () => {
    const at = desk();
    const task = put(at, "active", taskOf(1));
    holdTask(at.world, at.post, task, attempts, [{ ...first, question: "go on?" }]);
    expect(wake(at.world, at.post, id)).toBe(true);
    expect(at.memory.names(me.outbox)).toEqual([]);
    at.memory.reboot(true);
    expect(places(at, id)).toEqual(["active"]);
    expect(at.memory.text(notePath(me, id))).not.toBeNull();
  });

  it("must be held: wherever else it lies, it stays", () => {
    for (const place of ["active", "deferred", "processed"] as const) {
      const at = desk();
      put(at, place, taskOf(1));
      expect(wake(at.world, at.post, id)).toBe(false);
      expect(places(at, id)).toEqual([place]);
    }
  });

  it("by a person, waits for nothing more, and its first reasons stay", async () => {
    const at = desk();
    held(at);
    at.clock.ms = until;
    await endDue(at.world, at.post, id);
    release(at.world, at.post, id, "ada said so");
    expect(overs(at)).toEqual(["the time for it is over", "ada said so"]);
    expect(places(at, id)).toEqual(["active"]);
    release(at.world, at.post, id, "once more");
    expect(overs(at)).toEqual(["the time for it is over", "ada said so"]);
  });
});
