import fs from "node:fs";
import { join } from "node:path";
import { setImmediate as eventLoopTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Attempt } from "../../src/runner/session.ts";
import { type Disk, nodeDisk } from "../../src/system/disk.ts";
import { done } from "../spool/support/fixture.ts";
import { type Bed, bed, defer, echo, never, untilAborted } from "./support/bed.ts";

const answered = (at: Bed, id: string): boolean =>
  fs.existsSync(join(at.post.paths.outbox, `${id}.json`));
const active = (at: Bed): string[] => fs.readdirSync(at.post.paths.queue.active).sort();
const taskFiles = (...ids: string[]): string[] => ids.map((id) => `${id}.task`).sort();

/** Files of one moment come in any order; this one comes later. */
const second = { priority: "low" } as const;

/** Every call of it throws `error()` where that is not null. */
const failingDisk = (error: (call: string, path: unknown) => Error | null): Disk =>
  new Proxy(nodeDisk, {
    get: (disk, name: keyof Disk) => {
      const method = disk[name] as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        const thrown = error(name, args[0]);
        if (thrown !== null) throw thrown;
        return method(...args);
      };
    },
  });

/** Answers "a" at once; "b" does as told. */
const thenB =
  (b: Attempt): Attempt =>
  (task, context) =>
    task.request.text === "b" ? b(task, context) : echo(task, context);

describe("two tasks in a row", () => {
  it("the second is begun before the first is settled, and does not hold it up", async () => {
    const at = bed();
    const [a, b] = [at.send("a"), at.send("b", second)];
    const seen: boolean[] = [];
    const attempt = thenB(async (task, context) => {
      seen.push(answered(at, a));
      // The settling took its place in the first turn; in the second it is over.
      await eventLoopTurn();
      await eventLoopTurn();
      seen.push(answered(at, a));
      return echo(task, context);
    });
    expect(await at.run(attempt)).toBe(0);
    expect(seen).toEqual([false, true]);
    expect([a, b].map(at.answer)).toEqual(["got a\n", "got b\n"]);
  });

  it("the first is settled at once when the second is no attempt", async () => {
    const at = bed();
    const a = at.send("a");
    const b = at.send("b", { ...second, deadline: "2020-01-01T00:00:00Z" });
    expect(await at.run(echo)).toBe(0);
    expect([a, b].map((id) => at.record(id)["status"])).toEqual(["done", "failed"]);
  });

  it("a deferral of the second leaves the first settled", async () => {
    const at = bed();
    const [a, b] = [at.send("a"), at.send("b", second)];
    expect(await at.run(thenB(() => Promise.resolve(defer())))).toBe(0);
    expect(at.answer(a)).toBe("got a\n");
    expect(fs.readdirSync(at.post.paths.queue.deferred)).toEqual(taskFiles(b));
  });
});

describe("while the second runs", () => {
  it("a full disk keeps both, ends with 75 and counts nothing", async () => {
    let full = false;
    const disk = failingDisk((call, path) =>
      full && call === "open" && String(path).endsWith(".response.new")
        ? Object.assign(new Error("no space"), { code: "ENOSPC" })
        : null,
    );
    const at = bed({ disk });
    const [a, b] = [at.send("a"), at.send("b", second)];
    const attempt = thenB(async (_, { signal }) => {
      full = true;
      await untilAborted(signal);
      return done("too late");
    });
    expect(await at.run(attempt)).toBe(75);
    expect(active(at)).toEqual(taskFiles(a, b));
    const counted = join(at.post.paths.state, "attempts", b);
    expect(fs.readFileSync(counted, "utf8")).toBe("1 0 0 released\n");
    full = false;
    expect(await at.run(echo)).toBe(0);
    expect([a, b].map(at.answer)).toEqual(["got a\n", "got b\n"]);
    expect(active(at)).toEqual([]);
  });

  it("SIGTERM ends it, with the first settled", async () => {
    const at = bed();
    const [a, b] = [at.send("a"), at.send("b", second)];
    const attempt = thenB(async (_, { signal }) => {
      at.stop.abort();
      await untilAborted(signal);
      return defer();
    });
    expect(await at.run(attempt)).toBe(0);
    expect(at.answer(a)).toBe("got a\n");
    expect(active(at)).toEqual(taskFiles(b));
  });

  it("SIGTERM before it settles the first and leaves the second in the inbox", async () => {
    const at = bed();
    const [a, b] = [at.send("a"), at.send("b", second)];
    const attempt: Attempt = (task, context) => {
      at.stop.abort();
      return echo(task, context);
    };
    expect(await at.run(attempt)).toBe(0);
    expect(at.answer(a)).toBe("got a\n");
    expect(fs.readdirSync(at.post.paths.inbox)).toEqual(taskFiles(b));
  });

  it("a kill before the settling leaves both to the next session, each answered once", async () => {
    let dead = false;
    const at = bed({ disk: failingDisk(() => (dead ? new Error("killed") : null)) });
    const [a, b] = [at.send("a"), at.send("b", second)];
    const killed = thenB(() => {
      dead = true;
      return Promise.resolve(done("never seen"));
    });
    await expect(at.run(killed)).rejects.toThrow("killed");
    expect(answered(at, a)).toBe(false);
    dead = false;
    const order: string[] = [];
    const resumed: Attempt = (task, context) => {
      order.push(task.request.text);
      return echo(task, context);
    };
    expect(await at.run(resumed)).toBe(0);
    expect(order.sort()).toEqual(["a", "b"]);
    expect([a, b].map(at.answer)).toEqual(["got a\n", "got b\n"]);
    expect(await at.run(never)).toBe(0);
  });

  it("a cancel file comes too late for the first, and in time for the second", async () => {
    const at = bed();
    const [a, b] = [at.send("a"), at.send("b", second)];
    let late = "";
    const attempt = thenB(async (_, { signal }) => {
      late = at.send("", { control: { verb: "cancel", id: a } });
      at.send("", { control: { verb: "cancel", id: b } });
      await untilAborted(signal);
      return defer();
    });
    expect(await at.run(attempt)).toBe(0);
    expect(at.answer(a)).toBe("got a\n");
    expect(at.answer(late)).toMatch(/finished already/);
    expect(at.record(b)).toMatchObject({ status: "cancelled" });
  });
});
