/** What a crash left half settled is finished, and never run again. */
import { describe, expect, it } from "vitest";
import { attemptsDirectory, writeAttempts } from "../../src/spool/attempts.ts";
import { pathIn } from "../../src/spool/known.ts";
import { finishSettled, isActive, recover } from "../../src/spool/recover.ts";
import { publish } from "../../src/spool/settle.ts";
import { done, failure, released, run, waiting } from "./support/crashed.ts";
import { desk, idOf, me, places, put, recordIn, taskOf, write } from "./support/desk.ts";
import { id } from "./support/waiter.ts";

describe("a task that was answered before the crash", () => {
  it.each([
    [done, "processed"],
    [failure, "failed"],
  ] as const)("is put away and not run again: %j", async (outcome, place) => {
    const at = desk();
    const task = put(at, "active", taskOf(1));
    publish(at.world, at.post, task, outcome, run);
    expect(await recover(at.world, at.post)).toEqual([]);
    expect(places(at, id)).toEqual([place]);
    expect(recordIn(at, id)).toMatchObject({ status: outcome.kind });
  });

  it("wakes who waited for it, and that one goes on", async () => {
    const at = desk();
    const answer = put(at, "active", waiting(at));
    publish(at.world, at.post, answer, done, run);
    writeAttempts(at.disk, me, id, released);
    expect(await recover(at.world, at.post)).toEqual([id]);
    expect([places(at, id), places(at, answer.id)]).toEqual([["active"], ["processed"]]);
    at.memory.reboot(true);
    expect(places(at, answer.id)).toEqual(["processed"]);
  });

  it("is put away from held, too, and durably", async () => {
    const at = desk();
    const task = put(at, "held", taskOf(1));
    publish(at.world, at.post, task, failure, { ...run, attempts: 2 });
    writeAttempts(at.disk, me, id, released);
    put(at, "held", taskOf(2));
    expect(await recover(at.world, at.post)).toEqual([]);
    expect(at.memory.names(attemptsDirectory(me))).toEqual([]);
    at.memory.reboot(true);
    expect([places(at, id), places(at, idOf(2))]).toEqual([["failed"], ["held"]]);
  });

  it("stays held where it is damaged: nobody knows whom to tell", async () => {
    const at = desk();
    const task = put(at, "held", taskOf(1));
    publish(at.world, at.post, task, done, run);
    write(at, pathIn(me, "held", id), "{}\n");
    await recover(at.world, at.post);
    expect(places(at, id)).toEqual(["held"]);
  });

  it("is durably put away before a held task reads it", async () => {
    const at = desk();
    const answer = put(at, "active", waiting(at));
    at.disk.rename(pathIn(me, "active", answer.id), pathIn(me, "processed", answer.id));
    await recover(at.world, at.post);
    at.memory.reboot(true);
    expect(at.memory.names(me.processed)).toEqual([`${answer.id}.task`]);
  });

  it("says whether it was one, and tells of whom it wakes", () => {
    const at = desk();
    const woken: string[] = [];
    const tell = (one: string): void => void woken.push(one);
    const answer = put(at, "active", waiting(at));
    expect(finishSettled(at.world, at.post, answer, tell)).toBe(false);
    publish(at.world, at.post, answer, done, run);
    expect(isActive(at.world, at.post, answer.id)).toBe(true);
    expect(finishSettled(at.world, at.post, answer, tell)).toBe(true);
    expect(isActive(at.world, at.post, answer.id)).toBe(false);
    expect(woken).toEqual([id]);
  });

  it("tells of nobody where nobody waited for it", () => {
    const at = desk();
    const woken: string[] = [];
    const task = put(at, "active", taskOf(1));
    publish(at.world, at.post, task, done, run);
    expect(finishSettled(at.world, at.post, task, (one) => void woken.push(one))).toBe(true);
    expect(woken).toEqual([]);
  });
});
