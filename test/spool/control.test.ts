import { describe, expect, it } from "vitest";
import { readAttempts, writeAttempts } from "../../src/spool/attempts.ts";
import { pathIn, recordPath, responsePath } from "../../src/spool/known.ts";
import { notePath, readNote } from "../../src/spool/notes.ts";
import { settle } from "../../src/spool/settle.ts";
import { syncDirectory } from "../../src/system/durable.ts";
import { emptyTally } from "../../src/task/task.ts";
import { attempts, command, done, hold, notYours, order, refused } from "./support/command.ts";
import {
  bob,
  desk,
  failing,
  me,
  noon,
  places,
  put,
  at as stamp,
  taskOf,
  timeOf,
} from "./support/desk.ts";
import { id } from "./support/waiter.ts";

describe("retry", () => {
  it("brings the time of a deferred task to now", async () => {
    const at = desk();
    put(at, "deferred", taskOf(1));
    at.disk.setTime(pathIn(me, "deferred", id), noon + 1e9);
    const { outcome, heard } = await command(at, order("retry"));
    expect(outcome).toEqual(done(`Task ${id} is tried again now.`));
    expect(heard).toEqual({ claimed: [], woken: [] });
    expect(places(at, id)).toEqual(["deferred"]);
    expect(timeOf(at, pathIn(me, "deferred", id))).toBe(noon);
  });

  it("lets a held task go on without what it waits for, and says who said so", async () => {
    const at = desk();
    hold(at);
    const { outcome, heard } = await command(at, order("retry"));
    expect(outcome).toEqual(done(`Task ${id} goes on now, without what it waited for.`));
    expect(heard).toEqual({ claimed: [], woken: [id] });
    expect(places(at, id)).toEqual(["active"]);
    expect(readNote(at.disk, me, id)?.calls[0]?.over).toBe("ada said to go on without it");
    expect(at.memory.names(me.queue.held)).toEqual([notePath(me, id).split("/").at(-1)]);
  });

  it("gives a failed task all its patience back, and takes the old answer away", async () => {
    const at = desk();
    const task = put(at, "active", taskOf(1));
    const failure = { kind: "failed", why: "no", answer: "no", tally: emptyTally } as const;
    const run = { place: "active", attempts: 1, startedAt: stamp(noon) } as const;
    settle(at.world, at.post, task, failure, run);
    syncDirectory(at.disk, me.queue.active);
    writeAttempts(at.disk, me, id, attempts);
    at.clock.ms += 5000;
    const { outcome } = await command(at, order("retry"));
    expect(outcome).toEqual(done(`Task ${id} is tried again now.`));
    at.memory.reboot(true);
    expect(places(at, id)).toEqual(["deferred"]);
    expect(timeOf(at, pathIn(me, "deferred", id))).toBe(noon + 5000);
    expect(at.memory.names(me.outbox)).toEqual([]);
    expect(readAttempts(at.disk, me, id)).toEqual({ ...attempts, strikes: 0, released: true });
  });

  it("takes what is left of an old answer, and lets no other failure pass", async () => {
    const at = desk();
    put(at, "failed", taskOf(1));
    const broken = { ...at, world: { ...at.world, disk: failing(at.disk, "unlink", "EIO") } };
    await expect(command(broken, order("retry"))).rejects.toThrow("EIO");
    expect(places(at, id)).toEqual(["failed"]);
    await command(at, order("retry"));
    expect(places(at, id)).toEqual(["deferred"]);
  });

  it("removes the answer before the record, so that none ever stands alone as settled", async () => {
    const at = desk();
    put(at, "failed", taskOf(1));
    const removed: string[] = [];
    const unlink = (path: string): void => void removed.push(path);
    await command({ ...at, world: { ...at.world, disk: { ...at.disk, unlink } } }, order("retry"));
    expect(removed).toEqual([responsePath(me, id), recordPath(me, id)]);
  });

  it.each([
    ["active", "it is active now"],
    ["processed", "it is finished already"],
    ["corrupt", "it is malformed"],
  ] as const)("is refused for a task in %s, which stays", async (place, why) => {
    const at = desk();
    put(at, place, taskOf(1));
    const { outcome } = await command(at, order("retry"));
    expect(outcome).toEqual(refused("retry", why));
    expect(places(at, id)).toEqual([place]);
  });

  it("of the task at work is refused, and does not stop it", async () => {
    const at = desk();
    const task = put(at, "active", taskOf(1));
    const stops: string[] = [];
    const running = { task, cancel: (who: string) => void stops.push(who) };
    const { outcome } = await command(at, order("retry"), running);
    expect(outcome).toEqual(refused("retry", "it is active now"));
    expect(stops).toEqual([]);
  });
});

describe.each(["cancel", "retry"] as const)("%s", (verb) => {
  it("is obeyed from somebody trusted, whoever sent the task, and from its sender alone else", async () => {
    const trusted = desk();
    put(trusted, "deferred", taskOf(1));
    const by = { from: bob, trust: "verified" } as const;
    expect((await command(trusted, order(verb, by))).outcome.kind).toBe("done");
    const stranger = desk();
    put(stranger, "deferred", taskOf(1));
    const { outcome } = await command(stranger, order(verb, { from: bob }));
    expect(outcome).toEqual(refused(verb, notYours));
    expect(places(stranger, id)).toEqual(["deferred"]);
  });

  it("of what is not here, or damaged, or not to be claimed, is refused alike", async () => {
    const nothing = refused(verb, "there is no such task here");
    expect((await command(desk(), order(verb))).outcome).toEqual(nothing);
    const damaged = desk();
    put(damaged, "active", taskOf(1));
    const fd = damaged.disk.open(pathIn(me, "active", id), 0o1001);
    damaged.disk.close(fd);
    expect((await command(damaged, order(verb))).outcome).toEqual(nothing);
    const malformed = desk();
    const empty = malformed.disk.open(`${me.inbox}/${id}.task`, 0o101);
    malformed.disk.close(empty);
    malformed.clock.ms += 1e9;
    const { outcome, heard } = await command(malformed, order(verb));
    expect([outcome, heard.claimed]).toEqual([nothing, []]);
  });
});
