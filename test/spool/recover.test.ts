import { constants } from "node:fs";
import { describe, expect, it } from "vitest";
import { attemptsDirectory, readAttempts, writeAttempts } from "../../src/spool/attempts.ts";
import { pathIn } from "../../src/spool/known.ts";
import { notePath } from "../../src/spool/notes.ts";
import { recover } from "../../src/spool/recover.ts";
import { sentDirectory } from "../../src/spool/sent.ts";
import { released, resumable } from "./support/crashed.ts";
import {
  answerIn,
  desk,
  failing,
  idOf,
  me,
  minute,
  noon,
  places,
  put,
  recordIn,
  at as stamp,
  taskOf,
  timeOf,
  write,
} from "./support/desk.ts";
import { id } from "./support/waiter.ts";

describe("recover", () => {
  it("changes nothing where nothing is, and syncs but one folder for an ordinary task", async () => {
    const at = desk();
    const opened: string[] = [];
    const open = (path: string, flags: number): number => {
      if ((flags & constants.O_DIRECTORY) !== 0) opened.push(path);
      return at.disk.open(path, flags);
    };
    const world = { ...at.world, disk: { ...at.disk, open } };
    await recover(world, at.post);
    expect([at.memory.calls, opened]).toEqual([0, []]);
    resumable(at, taskOf(1));
    await recover(world, at.post);
    expect(opened).toEqual([me.queue.active]);
  });

  it("gives back what is active, answers first, then by age", async () => {
    const at = desk();
    for (const [n, answers] of [
      [3, false],
      [1, false],
      [5, true],
      [2, false],
      [4, true],
    ] as const) {
      at.clock.ms = noon + n;
      resumable(at, taskOf(n, answers ? { replyTo: idOf(9) } : {}));
    }
    expect(await recover(at.world, at.post)).toEqual([4, 5, 1, 2, 3].map(idOf));
    expect(at.lines).toEqual([]);
  });

  it("makes the folders of its small files, for the agent alone", async () => {
    const at = desk();
    const made: [string, number][] = [];
    const makeDirectory = (path: string, mode: number): void => void made.push([path, mode]);
    const world = { ...at.world, disk: { ...at.disk, makeDirectory } };
    expect(await recover(world, at.post)).toEqual([]);
    expect(made).toEqual([
      [attemptsDirectory(me), 0o700],
      [sentDirectory(me), 0o700],
    ]);
  });

  it("removes what was not written whole from its own folders, and nothing else", async () => {
    const at = desk();
    const kept = resumable(at, taskOf(1));
    const half = `.${id}.task.tmp-0123456789abcdef`;
    for (const place of ["active", "held"] as const) write(at, `${me.queue[place]}/${half}`, "x");
    write(at, `${me.queue.active}/.other`, "x");
    write(at, `${me.inbox}/${half}`, "x");
    await recover(at.world, at.post);
    expect(at.memory.names(me.queue.active)).toEqual([".other", `${kept.id}.task`]);
    expect(at.memory.names(me.queue.held)).toEqual([]);
    expect(at.memory.names(me.inbox)).toEqual([half]);
  });

  it("minds no temporary name that is gone, and every other failure", async () => {
    const at = desk();
    write(at, `${me.queue.active}/.x.tmp-0123456789abcdef`, "x");
    const on = (code: string) => ({ ...at.world, disk: failing(at.disk, "unlink", code) });
    expect(await recover(on("ENOENT"), at.post)).toEqual([]);
    await expect(recover(on("EIO"), at.post)).rejects.toThrow("EIO");
  });

  it("keeps a damaged task, says so, and goes on with the next", async () => {
    const at = desk();
    write(at, pathIn(me, "active", id), "{}\n");
    resumable(at, taskOf(2));
    expect(await recover(at.world, at.post)).toEqual([idOf(2)]);
    at.memory.reboot(true);
    expect(places(at, id)).toEqual(["corrupt"]);
    expect(at.lines).toEqual([
      {
        ...{ level: "error", message: "a stored task is damaged; it lies in queue/corrupt" },
        fields: { id },
      },
    ]);
  });

  it("passes over a task that is gone", async () => {
    const at = desk();
    const list = (path: string): string[] =>
      path === me.queue.active ? [`${id}.task`] : at.disk.list(path);
    expect(await recover({ ...at.world, disk: { ...at.disk, list } }, at.post)).toEqual([]);
  });

  it("makes the claim durable before the original may go", async () => {
    const at = desk();
    const task = resumable(at, taskOf(1));
    at.disk.rename(pathIn(me, "active", id), pathIn(me, "deferred", id));
    at.memory.folders.get(me.queue.active)?.synced.clear();
    at.disk.rename(pathIn(me, "deferred", id), pathIn(me, "active", id));
    expect(await recover(at.world, at.post)).toEqual([task.id]);
    at.memory.reboot(true);
    expect(places(at, id)).toEqual(["active"]);
  });

  it("keeps one of two names that a crash amid a move left, durably", async () => {
    for (const [noted, both] of [
      [true, true],
      [false, true],
      [true, false],
    ]) {
      const at = desk();
      put(at, "held", taskOf(1));
      writeAttempts(at.disk, me, id, released);
      if (noted) write(at, notePath(me, id), "{}");
      at.disk.link(pathIn(me, "held", id), pathIn(me, "active", id));
      if (!both) at.disk.unlink(pathIn(me, "held", id));
      expect(await recover(at.world, at.post)).toEqual([id]);
      at.memory.reboot(true);
      expect(places(at, id), `${noted} ${both}`).toEqual(["active"]);
    }
  });
});

describe("an attempt that nobody ended", () => {
  const begun = { attempts: 2, strikes: 0, progress: 0, released: false };

  it.each([
    [0, 1, null],
    [1, 2, 5 * minute],
    [2, 3, 25 * minute],
    [3, 4, 125 * minute],
  ])(
    "after %i strikes is one more, and the task waits accordingly",
    async (before, after, wait) => {
      const at = desk();
      put(at, "active", taskOf(1));
      writeAttempts(at.disk, me, id, { ...begun, strikes: before });
      expect(await recover(at.world, at.post)).toEqual(wait === null ? [id] : []);
      expect(readAttempts(at.disk, me, id)).toEqual({ ...begun, strikes: after, released: true });
      expect(places(at, id)).toEqual([wait === null ? "active" : "deferred"]);
      if (wait !== null) expect(timeOf(at, pathIn(me, "deferred", id))).toBe(noon + wait);
    },
  );

  it("counts nothing where the journal grew, or the end was in good order", async () => {
    const grown = desk({ progress: (one) => (one === id ? 1 : 0) });
    put(grown, "active", taskOf(1));
    writeAttempts(grown.disk, me, id, { ...begun, strikes: 4 });
    const ended = desk();
    resumable(ended, taskOf(1));
    for (const at of [grown, ended]) {
      const before = readAttempts(at.disk, me, id);
      expect(await recover(at.world, at.post)).toEqual([id]);
      expect(readAttempts(at.disk, me, id)).toEqual(before);
    }
  });

  it("is the last one after five: the task is given up, and says so", async () => {
    const at = desk();
    put(at, "active", taskOf(1));
    writeAttempts(at.disk, me, id, { ...begun, attempts: 7, strikes: 4 });
    expect(await recover(at.world, at.post)).toEqual([]);
    expect(places(at, id)).toEqual(["failed"]);
    const why = "5 attempts ended without a result";
    expect(recordIn(at, id)).toMatchObject({
      ...{ status: "failed", error: why, attempts: 7, started_at: stamp(noon) },
    });
    expect(answerIn(at, id)).toBe(
      `This task was given up: ${why}, because the runner stopped each time.\n`,
    );
    expect(at.lines.at(-1)).toEqual({
      ...{ level: "error", message: "gave up a task that stops the runner" },
      fields: { id, attempts: 7 },
    });
    expect(at.memory.names(attemptsDirectory(me))).toEqual([]);
  });
});
