import fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AgentRuntime } from "../../src/config/types.ts";
import { createHints, watchInboxes } from "../../src/runner/inbox-watch.ts";
import { takeLock } from "../../src/runner/lock.ts";
import { type Attempt, runSession } from "../../src/runner/session.ts";
import type { SessionWorld } from "../../src/runner/world.ts";
import { deliver, freshId } from "../../src/spool/deliver.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { requestOf } from "../../src/task/codec.ts";
import { minute } from "../../src/task/retry.ts";
import type { Outcome, Request } from "../../src/task/task.ts";
import {
  done,
  type Fixture,
  fixture,
  makeDirectories,
  selfUid,
  tally,
} from "../spool/support/fixture.ts";

const root = selfUid === 0;

interface Bed extends Fixture {
  readonly session: SessionWorld;
  readonly stop: AbortController;
  readonly agent: AgentRuntime;
  readonly run: (attempt: Attempt) => Promise<number>;
  readonly send: (text: string, rest?: Partial<Request>) => string;
  readonly record: (id: string) => Record<string, unknown>;
  readonly answer: (id: string) => string;
}

function bed(overrides: Partial<SessionWorld> = {}, about: Partial<AgentRuntime> = {}): Bed {
  const at = fixture(overrides);
  const { root, world, post } = at;
  const stop = new AbortController();
  const session: SessionWorld = {
    ...world,
    root,
    stop: stop.signal,
    lingerMs: 0,
    lock: (path) => takeLock(nodeDisk, path),
    watch: (directories) => watchInboxes(directories, world.log),
    ...overrides,
  };
  const agent: AgentRuntime = {
    version: 1,
    name: "me",
    uid: post.uid,
    tier: "worker",
    model: "none",
    inboxes: [...post.inboxes],
    trustedUids: [selfUid],
    taskerUids: [],
    can: { task: [], read: [], write: [], network: [], tools: [] },
    limits: { memory: "1G", cpu: "100%", tasks: 1, runtimeSeconds: 1, steps: 1 },
    schedule: null,
    instructions: "",
    skills: [],
    ...about,
  };
  const outbox = (id: string, ending: string): string =>
    fs.readFileSync(join(post.paths.outbox, `${id}.${ending}`), "utf8");
  return {
    ...at,
    session,
    stop,
    agent,
    run: (attempt) => runSession(session, agent, attempt),
    send: (text, rest = {}) => deliver(world, post.paths.inbox, requestOf(text, rest)).id,
    record: (id) => JSON.parse(outbox(id, "json")),
    answer: (id) => outbox(id, "response"),
  };
}

const echo: Attempt = (task) => Promise.resolve(done(`got ${task.request.text}`));
const never: Attempt = () => Promise.reject(new Error("must not run"));
const defer = (notBefore: number | null = null): Outcome => ({
  kind: "defer",
  why: "model overloaded",
  notBefore,
  tally,
});

/** Ends when the signal aborts, as an attempt should. */
const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });

describe("runSession", () => {
  it("answers all tasks and ends with 0", async () => {
    const at = bed();
    const ids = ["a", "b", "c"].map((text) => at.send(text));
    expect(await at.run(echo)).toBe(0);
    expect(ids.map(at.answer)).toEqual(["got a\n", "got b\n", "got c\n"]);
    expect(at.record(ids[0] ?? "")).toMatchObject({
      agent: "me",
      status: "done",
      from: { uid: selfUid },
      trust: "verified",
      attempts: 1,
      model: "test",
      error: null,
      thread: null,
    });
    const mode = fs.statSync(join(at.post.paths.outbox, `${ids[0]}.json`)).mode & 0o777;
    expect(mode).toBe(0o640);
    expect(fs.readdirSync(at.post.paths.inbox)).toEqual([]);
    expect(fs.readdirSync(at.post.paths.processed)).toHaveLength(3);
  });

  it("takes the task that arrives while it lingers", async () => {
    const at = bed({ lingerMs: 60_000 });
    let second = "";
    const attempt: Attempt = (task) => {
      if (task.request.text === "two") at.stop.abort();
      else setImmediate(() => setTimeout(() => (second = at.send("two")), 1));
      return echo(task, { signal: at.stop.signal, attempts: 1 });
    };
    at.send("one");
    expect(await at.run(attempt)).toBe(0);
    expect(at.answer(second)).toBe("got two\n");
  });

  it("leaves the second runner outside", async () => {
    const at = bed();
    const lock = await takeLock(nodeDisk, at.post.paths.lock);
    const id = at.send("x");
    expect(await at.run(never)).toBe(75);
    lock?.release();
    expect(await at.run(echo)).toBe(0);
    expect(at.answer(id)).toBe("got x\n");
  });

  it("waits for a slow writer and takes the whole", async () => {
    const at = bed({ lingerMs: 60_000 });
    const path = join(at.post.paths.inbox, "x.task");
    const fd = fs.openSync(path, "w");
    fs.writeSync(fd, "A");
    let seen = 0;
    const lease = await at.world.lease();
    const watched = {
      take: (file: number) => {
        const answer = lease?.take(file) ?? "unavailable";
        seen += 1;
        // Looked at twice while it was open: now the writer ends.
        if (seen === 2) {
          fs.writeSync(fd, "B");
          fs.closeSync(fd);
        }
        return answer;
      },
      release: (file: number) => lease?.release(file),
    };
    const texts: string[] = [];
    const world = { ...at.session, lease: () => Promise.resolve(watched) };
    await runSession(world, at.agent, (task) => {
      texts.push(task.request.text);
      at.stop.abort();
      return Promise.resolve(done("ok"));
    });
    expect(texts).toEqual(["AB"]);
    expect(seen).toBeGreaterThan(2);
  });

  it("sets a file aside that stays open, and takes it in a later session", async () => {
    const at = bed();
    const fd = fs.openSync(join(at.post.paths.inbox, "x.task"), "w");
    fs.writeSync(fd, "late");
    const other = at.send("other");
    expect(await at.run(echo)).toBe(0);
    expect(at.answer(other)).toBe("got other\n");
    expect(fs.readdirSync(at.post.paths.inbox)).toEqual([
      expect.stringMatching(/^\.open-\d+-x\.task$/),
    ]);
    fs.closeSync(fd);
    expect(await at.run(echo)).toBe(0);
    const [response] = fs
      .readdirSync(at.post.paths.outbox)
      .filter((name) => /^x-.*onse$/.test(name));
    expect(fs.readFileSync(join(at.post.paths.outbox, response ?? ""), "utf8")).toBe("got late\n");
  });

  it("goes on when an entry cannot be moved away, and says so", async () => {
    const rename: typeof nodeDisk.rename = (from, to) => {
      if (to.includes(".corrupt-")) throw Object.assign(new Error("immutable"), { code: "EPERM" });
      nodeDisk.rename(from, to);
    };
    const at = bed({ disk: { ...nodeDisk, rename } });
    fs.mkdirSync(join(at.post.paths.inbox, "bad.task"));
    const id = at.send("good");
    expect(await at.run(echo)).toBe(75);
    expect(at.answer(id)).toBe("got good\n");
    expect(at.lines.some(({ level }) => level === "error")).toBe(true);
  });
});

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

describe("control files", () => {
  const cancelFile = (id: string): Partial<Request> => ({ control: { verb: "cancel", id } });
  const retryFile = (id: string): Partial<Request> => ({ control: { verb: "retry", id } });

  it("cancel the running task", async () => {
    const at = bed({ lingerMs: 20 });
    const id = at.send("x");
    let control = "";
    await at.run(async (_, { signal }) => {
      control = at.send("", cancelFile(id));
      await untilAborted(signal);
      return { kind: "failed", why: "aborted", answer: "", tally };
    });
    expect(at.record(id)).toMatchObject({ status: "cancelled", steps: 1 });
    expect(at.answer(id)).toBe("The task was cancelled by root.\n");
    expect(at.answer(control)).toMatch(/is being cancelled/);
  });

  it("cancel a task that waits in the inbox or in deferred", async () => {
    const at = bed();
    const deferred = at.send("x");
    await at.run(() => Promise.resolve(defer()));
    const waiting = at.send("y");
    const controls = [deferred, waiting].map((id) => at.send("", cancelFile(id)));
    await at.run(never);
    for (const id of [deferred, waiting]) {
      expect(at.record(id)).toMatchObject({ status: "cancelled" });
      expect(fs.existsSync(join(at.post.paths.processed, `${id}.task`))).toBe(true);
    }
    expect(controls.map((id) => at.record(id)["status"])).toEqual(["done", "done"]);
  });

  it("retry a failed task: a new answer replaces the old one", async () => {
    const at = bed();
    const id = at.send("x");
    await at.run(() => Promise.resolve({ kind: "failed", why: "no", answer: "no", tally }));
    expect(at.record(id)).toMatchObject({ status: "failed" });
    at.send("", retryFile(id));
    at.clock.skew += 1;
    await at.run(echo);
    at.clock.skew += minute;
    await at.run(echo);
    expect(at.record(id)).toMatchObject({ status: "done", attempts: 2 });
    expect(at.answer(id)).toBe("got x\n");
  });

  it("answer what they cannot do", async () => {
    const at = bed();
    const done = at.send("x");
    await at.run(echo);
    const late = at.send("", cancelFile(done));
    const unknown = at.send("", cancelFile(freshId(at.world)));
    await at.run(never);
    expect(at.answer(late)).toMatch(/finished already/);
    expect(at.answer(unknown)).toMatch(/no such task/);
    expect(at.record(unknown)).toMatchObject({ status: "failed" });
  });

  it.runIf(root)("are obeyed only from a verified sender or the sender of that task", async () => {
    const at = bed();
    const own = (id: string, uid: number): string => {
      fs.chownSync(join(at.post.paths.inbox, `${id}.task`), uid, uid);
      return id;
    };
    const target = own(at.send("x"), 1001);
    const stranger = own(at.send("", cancelFile(target)), 1002);
    await at.run(() => Promise.resolve(defer()));
    expect(at.answer(stranger)).toMatch(/only its sender or a trusted person/);
    expect(fs.readdirSync(at.post.paths.queue.deferred)).toEqual([`${target}.task`]);
    const sender = own(at.send("", cancelFile(target)), 1001);
    await at.run(never);
    expect(at.record(sender)).toMatchObject({ status: "done" });
    expect(at.record(target)).toMatchObject({ status: "cancelled" });
  });
});

describe("answers to agents", () => {
  it("go back once, with reply_to; an answer is not answered", async () => {
    const senderOf = (uid: number) => ({ uid, name: "asker", agent: "asker" });
    const at = bed({ senderOf });
    makeDirectories(at.root, "asker");
    const inbox = join(at.root, "agents", "asker", "inbox");
    const id = at.send("question", { thread: "t", hops: 2 });
    await at.run(echo);
    const [name, ...more] = fs.readdirSync(inbox);
    expect(more).toEqual([]);
    const text = fs.readFileSync(join(inbox, name ?? ""), "utf8");
    expect(text).toContain(`reply_to: "${id}"`);
    expect(text).toContain('hops: "3"');
    expect(text).toContain("got question");
    at.send("an answer", { replyTo: id });
    await at.run(echo);
    expect(fs.readdirSync(inbox)).toHaveLength(1);
  });

  it("that cannot be delivered do not fail the task", async () => {
    const at = bed({ senderOf: (uid) => ({ uid, name: "gone", agent: "gone" }) });
    const id = at.send("question");
    expect(await at.run(echo)).toBe(0);
    expect(at.record(id)).toMatchObject({ status: "done" });
    expect(at.lines.some(({ message }) => /could not be delivered/.test(message))).toBe(true);
  });
});
