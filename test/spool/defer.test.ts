import { describe, expect, it } from "vitest";
import { firstAttempt, readAttempts } from "../../src/spool/attempts.ts";
import {
  bringBack,
  deferTask,
  dueTasks,
  park,
  queuedIds,
  retryTimeOf,
} from "../../src/spool/defer.ts";
import { pathIn } from "../../src/spool/known.ts";
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
  write,
} from "./support/desk.ts";

const id = idOf(1);
const begun = { ...firstAttempt, attempts: 3, progress: 4 };

describe("a task that is put off", () => {
  it("waits with its retry time, with one strike more and no charge for its end", () => {
    const at = desk();
    const task = put(at, "active", taskOf(1));
    const until = noon + minute;
    expect(deferTask(at.world, at.post, task, begun, null)).toEqual({ kind: "deferred", until });
    at.memory.reboot(true);
    expect(places(at, id)).toEqual(["deferred"]);
    expect(timeOf(at, pathIn(me, "deferred", id))).toBe(until);
    expect(readAttempts(at.disk, me, id)).toEqual({
      ...{ attempts: 3, strikes: 1, progress: 4, released: true },
    });
    expect(at.told).toEqual([{ state: "deferred", task, until }]);
  });

  it("waits until the time that the cause named, without a strike, and not beyond the deadline", () => {
    const at = desk();
    const task = put(at, "active", taskOf(1));
    const later = noon + 40 * minute;
    expect(deferTask(at.world, at.post, task, { ...begun, strikes: 4 }, later)).toEqual({
      ...{ kind: "deferred", until: later },
    });
    expect(readAttempts(at.disk, me, id).strikes).toBe(4);
    const urgent = put(at, "active", taskOf(2, { deadline: stamp(noon + minute / 2) }));
    expect(deferTask(at.world, at.post, urgent, begun, later)).toEqual({
      ...{ kind: "deferred", until: noon + minute / 2 },
    });
  });

  it("stays where it is when patience is at its end", () => {
    const at = desk();
    const task = put(at, "active", taskOf(1));
    const result = deferTask(at.world, at.post, task, { ...begun, strikes: 4 }, null);
    expect(result).toEqual({ kind: "exhausted", strikes: 5 });
    expect(places(at, id)).toEqual(["active"]);
    expect(readAttempts(at.disk, me, id)).toEqual(firstAttempt);
    expect(at.told).toEqual([]);
  });

  it("is put off also where nobody hears of it", () => {
    const { told: _, ...deaf } = desk().world;
    const at = desk();
    const task = put(at, "active", taskOf(1));
    deferTask({ ...deaf, disk: at.disk }, at.post, task, begun, null);
    expect(places(at, id)).toEqual(["deferred"]);
  });

  it("comes back whole", () => {
    const at = desk();
    put(at, "active", taskOf(1));
    park(at.world, at.post, id, noon);
    bringBack(at.world, at.post, id);
    at.memory.reboot(true);
    expect(places(at, id)).toEqual(["active"]);
  });
});

describe("tasks whose time has come", () => {
  it("are those up to now, the earliest first", () => {
    const at = desk();
    const times = [noon, noon - 2, noon + 1, noon - 1];
    for (const [n, time] of times.entries()) {
      put(at, "active", taskOf(n));
      park(at.world, at.post, idOf(n), time);
    }
    expect(dueTasks(at.world, at.post)).toEqual([idOf(1), idOf(3), idOf(0)]);
    at.clock.ms += 1;
    expect(dueTasks(at.world, at.post)).toEqual([idOf(1), idOf(3), idOf(0), idOf(2)]);
  });

  it("are no longer those that went meanwhile", () => {
    const at = desk();
    const disk = { ...at.disk, list: () => [`${id}.task`] };
    expect(dueTasks({ ...at.world, disk }, at.post)).toEqual([]);
  });

  it("come back to the millisecond, whatever a float made of it", () => {
    expect(retryTimeOf({ mtimeNs: BigInt(noon) * 1_000_000n + 240n })).toBe(noon);
    expect(retryTimeOf({ mtimeNs: BigInt(noon) * 1_000_000n - 240n })).toBe(noon);
  });
});

it("only task files count in a private folder", () => {
  const at = desk();
  for (const place of ["active", "deferred", "held"] as const) {
    put(at, place, taskOf(1));
    const names = [`.${idOf(2)}.task`, `.${id}.task.tmp-0123456789abcdef`, `${id}.wait.json`];
    for (const name of names) write(at, `${me.queue[place]}/${name}`, "x");
    expect(queuedIds(at.world, at.post, place)).toEqual([id]);
  }
});
