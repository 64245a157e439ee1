import fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createHints } from "../../src/runner/inbox-watch.ts";
import { type Attempt, runSession } from "../../src/runner/session.ts";
import { minute } from "../../src/task/retry.ts";
import type { Outcome } from "../../src/task/task.ts";
import { tally } from "../spool/support/fixture.ts";

import { type Bed, bed, defer, echo, never, untilAborted } from "./support/bed.ts";

describe("temporary trouble", () => {
  it("defers with growing waits, keeps the count, and gives up after five", async () => {
    const at = bed();
    const id = at.send("x");
    const attempts: number[] = [];
    const attempt: Attempt = (_, context) => {
      attempts.push(context.attempts);
      return Promise.resolve(defer());
    };
    for (const wait of [1, 5, 25, 125]) {
      await at.run(attempt);
      await at.run(never);
      const parked = join(at.post.paths.queue.deferred, `${id}.task`);
      const due = fs.statSync(parked).mtimeMs - at.world.now();
      expect(due / minute).toBeGreaterThan(wait - 1);
      expect(due / minute).toBeLessThanOrEqual(wait);
      at.clock.skew += wait * minute;
    }
    await at.run(attempt);
    expect(attempts).toEqual([1, 2, 3, 4, 5]);
    expect(at.record(id)).toMatchObject({ status: "failed", attempts: 5 });
    expect(at.answer(id)).toMatch(/5 attempts: model overloaded/);
    expect(fs.readdirSync(at.post.paths.queue.failed)).toEqual([`${id}.task`]);
    expect(fs.readdirSync(join(at.post.paths.state, "attempts"))).toEqual([]);
    expect(at.lines.some(({ level }) => level === "error")).toBe(true);
  });

  it("does not count a retry time that the cause named", async () => {
    const at = bed();
    const id = at.send("x");
    for (let n = 0; n < 8; n += 1) {
      await at.run(() => Promise.resolve(defer(at.world.now() + 10 * minute)));
      at.clock.skew += 10 * minute;
    }
    await at.run(echo);
    expect(at.record(id)).toMatchObject({ status: "done", attempts: 9 });
  });

  it("counts an attempt that throws", async () => {
    const at = bed();
    const id = at.send("x");
    const good = at.send("y");
    await at.run((task, context) =>
      task.request.text === "x" ? never(task, context) : echo(task, context),
    );
    expect(at.answer(good)).toBe("got y\n");
    expect(fs.readdirSync(at.post.paths.queue.deferred)).toEqual([`${id}.task`]);
  });

  it("tells when a deadline passed, without an attempt", async () => {
    const at = bed();
    const id = at.send("x", { deadline: "2020-01-01T00:00:00Z" });
    await at.run(never);
    expect(at.record(id)).toMatchObject({ status: "failed" });
    expect(at.answer(id)).toMatch(/deadline 2020/);
  });
});

describe("a runner that dies", () => {
  /** What a kill leaves: a claimed task whose attempt nobody ended. */
  const die = async (at: Bed): Promise<void> => {
    const world = { ...at.session, stop: new AbortController().signal };
    const hang = new Promise<Outcome>(() => undefined);
    const lock = () => Promise.resolve({ release: () => undefined });
    const watch = () => ({ ...createHints(), close: () => undefined });
    let started = (): void => undefined;
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    void runSession({ ...world, lock, watch }, at.agent, () => {
      started();
      return hang;
    });
    await running;
  };

  it("is resumed at once the first time, then ever later, and given up after five", async () => {
    const at = bed();
    const id = at.send("x");
    await die(at);
    await die(at);
    for (const wait of [5, 25, 125]) {
      expect(await at.run(never)).toBe(0);
      const parked = fs.statSync(join(at.post.paths.queue.deferred, `${id}.task`));
      expect(Math.round((parked.mtimeMs - at.world.now()) / minute)).toBe(wait);
      at.clock.skew += wait * minute;
      await die(at);
    }
    await at.run(never);
    expect(at.record(id)).toMatchObject({ status: "failed", attempts: 5 });
    expect(at.answer(id)).toMatch(/given up/);
    expect(fs.readdirSync(at.post.paths.queue.failed)).toEqual([`${id}.task`]);
    expect(at.lines.some(({ level }) => level === "error")).toBe(true);
  });

  it("is not counted when it made progress", async () => {
    let progress = 0;
    const at = bed({ progress: () => progress });
    const id = at.send("x");
    for (let n = 0; n < 12; n += 1) {
      await die(at);
      progress += 1;
    }
    await at.run(echo);
    expect(at.record(id)).toMatchObject({ status: "done", attempts: 13 });
  });
});

describe("SIGTERM", () => {
  it("leaves the task active and counts nothing", async () => {
    const at = bed();
    const id = at.send("x");
    for (let n = 0; n < 7; n += 1) {
      const stop = new AbortController();
      const code = await runSession(
        { ...at.session, stop: stop.signal },
        at.agent,
        async (_, { signal }) => {
          stop.abort();
          await untilAborted(signal);
          return { kind: "failed", why: "aborted", answer: "aborted", tally };
        },
      );
      expect(code).toBe(0);
      expect(fs.readdirSync(at.post.paths.queue.active)).toEqual([`${id}.task`]);
    }
    await at.run(echo);
    expect(at.record(id)).toMatchObject({ status: "done", attempts: 8 });
  });
});
