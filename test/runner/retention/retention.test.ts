/** What upkeep removes of an agent, what it leaves, and that nobody leads it elsewhere. */
import fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { defaultRetention } from "../../../src/config/retention.ts";
import type { Retention } from "../../../src/config/types.ts";
import type { ThreadName } from "../../../src/runner/retention/in-use.ts";
import { type RetentionBounds, removeOld } from "../../../src/runner/retention/retention.ts";
import { forgottenBefore } from "../../../src/spool/forgotten.ts";
import { writeNote } from "../../../src/spool/notes.ts";
import { storeQueued } from "../../../src/spool/queued.ts";
import { nodeDisk } from "../../../src/system/disk.ts";
import { requestOf } from "../../../src/task/codec.ts";
import { newId } from "../../../src/task/id.ts";
import { planFile } from "../../../src/task/plan.ts";
import type { Task } from "../../../src/task/task.ts";
import { loadYaml } from "../../../src/task/yaml.ts";
import { aTask } from "../../agent/support/scripted.ts";
import { type Fixture, fixture } from "../../spool/support/fixture.ts";

const day = 86_400_000;
let count = 0;

const freshId = (age: number): string => {
  count += 1;
  return newId(Date.now() - age * day, (length) => new Uint8Array(length).fill(count));
};

class Bed {
  readonly at: Fixture = fixture();
  threads: readonly ThreadName[] | null = [];

  constructor() {
    const { state, workspace } = this.at.post.paths;
    for (const name of ["sent", "plans", "goals", "attempts", "turns"])
      fs.mkdirSync(join(state, name));
    fs.mkdirSync(join(workspace, ".con", "tasks"), { recursive: true });
  }

  get base(): string {
    return this.at.post.paths.base;
  }

  put(path: string, age: number): string {
    const whole = join(this.base, path);
    fs.writeFileSync(whole, "x");
    this.age(path, age);
    return whole;
  }

  age(path: string, days: number): void {
    const when = (Date.now() - days * day) / 1000;
    fs.utimesSync(join(this.base, path), when, when);
  }

  /** All that a task leaves. */
  leftovers(id: string, age: number, place = "processed"): void {
    const all = [`outbox/${id}.response`, `outbox/${id}.json`, `${place}/${id}.task`];
    const more = [`state/journal/${id}.jsonl`, `state/goals/${id}.json`, `state/attempts/${id}`];
    const texts = [`workspace/.con/tasks/${id}.txt`, `workspace/.con/tasks/${id}-answer.txt`];
    for (const path of [...all, ...more, ...texts]) this.put(path, age);
  }

  queue(place: "active" | "deferred" | "held", task: Task): void {
    const path = join(this.at.post.paths.queue[place], `${task.id}.task`);
    storeQueued(this.at.world, path, task, Buffer.from(task.request.text));
  }

  names(): string[] {
    return fs
      .readdirSync(this.base, { recursive: true, encoding: "utf8" })
      .filter((name) => !fs.statSync(join(this.base, name)).isDirectory())
      .filter((name) => !/^state\/(upkeep|forgotten)\.json$/.test(name))
      .sort();
  }

  async run(retention: Partial<Retention> = {}, bounds: Partial<RetentionBounds> = {}) {
    return removeOld(
      {
        disk: nodeDisk,
        now: this.at.world.now,
        paths: this.at.post.paths,
        retention: { ...defaultRetention, ...retention },
        loadYaml,
        threadsSince: () => this.threads,
      },
      { ms: 60_000, ...bounds },
    );
  }

  /** The first run only notes the time. */
  static async awake(): Promise<Bed> {
    const bed = new Bed();
    await bed.run();
    return bed;
  }
}

describe("removes", () => {
  it("what is older than its limit, of each kind, and says so", async () => {
    const bed = await Bed.awake();
    bed.leftovers(freshId(200), 200);
    bed.leftovers(freshId(200), 200, "queue/failed");
    const other = freshId(40);
    bed.put(`state/sent/${other}`, 31);
    bed.put(`queue/corrupt/${other}.task`, 91);
    bed.put(`inbox/.corrupt-${other}`, 91);
    bed.put("state/memory.db.damaged-20260101000000000-wal", 91);
    bed.put(`state/plans/.x.md.tmp-0123456789abcdef`, 3);
    bed.put(`state/plans/${planFile(aTask("x", { id: other }), "trusted")}`, 181);
    const report = await bed.run();
    expect(bed.names().filter((name) => !/journal|goals|attempts/.test(name))).toEqual([]);
    expect(report).toMatchObject({ complete: true, notedOnly: false });
    const outbox = report.swept.find(({ folder }) => folder === "outbox");
    expect(outbox).toMatchObject({ what: "outbox", entries: 4, bytes: 4, refused: 0 });
    // Journal, goal and counter of the failed one go after it.
    await bed.run();
    expect(bed.names()).toEqual([]);
  });

  it("nothing that is younger, kept for ever, or of another name", async () => {
    const bed = await Bed.awake();
    bed.leftovers(freshId(80), 80);
    bed.put("outbox/mine.json", 500);
    bed.put("state/memory.db", 500);
    bed.put("workspace/.con/tasks/notes.txt", 500);
    const id = freshId(500);
    bed.put(`outbox/${id}.json`, 500);
    fs.mkdirSync(join(bed.base, "processed", `${id}.task`));
    bed.age(`processed/${id}.task`, 500);
    const before = bed.names();
    await bed.run({ outboxDays: null });
    expect(bed.names()).toEqual(before);
    expect(forgottenBefore(nodeDisk, bed.at.post.paths)).toBeNull();
  });

  it("nothing in a dry run, in the first run, and after a long rest", async () => {
    const bed = new Bed();
    bed.leftovers(freshId(200), 200);
    const before = bed.names();
    expect(await bed.run({}, { dryRun: true })).toMatchObject({ notedOnly: true });
    const first = await bed.run();
    expect(first).toMatchObject({ notedOnly: true });
    expect(first.swept.reduce((sum, { entries }) => sum + entries, 0)).toBe(8);
    expect(await bed.run({}, { dryRun: true })).toMatchObject({ notedOnly: false });
    expect(bed.names()).toEqual(before);
    // Went ahead, or was away: a day to see it.
    bed.at.clock.skew = 46 * day;
    expect(await bed.run()).toMatchObject({ notedOnly: true });
    expect(bed.names()).toEqual(before);
    bed.at.clock.skew = 47 * day;
    await bed.run();
    expect(bed.names()).toEqual([]);
  });

  it("so much in one run, the oldest first, and the rest in the next", async () => {
    const bed = await Bed.awake();
    for (const age of [100, 300, 200]) bed.put(`state/sent/${freshId(age)}`, age);
    expect(await bed.run({}, { most: 2 })).toMatchObject({ complete: false });
    expect(bed.names()).toHaveLength(1);
    expect(fs.statSync(join(bed.base, bed.names()[0] ?? "")).mtimeMs).toBeGreaterThan(
      Date.now() - 101 * day,
    );
    expect(await bed.run({}, { most: 2 })).toMatchObject({ complete: true });
    expect(bed.names()).toEqual([]);
  });
});

describe("keeps", () => {
  it.each(["active", "deferred", "held"] as const)("all of a task in %s", async (place) => {
    const bed = await Bed.awake();
    const task = aTask("x", { id: freshId(400) });
    bed.leftovers(task.id, 400);
    const plan = `state/plans/${planFile(task, "trusted")}`;
    bed.put(plan, 400);
    bed.queue(place, task);
    await bed.run();
    const kept = bed.names().filter((name) => !name.startsWith("queue"));
    expect(kept).toEqual([
      `outbox/${task.id}.json`,
      `outbox/${task.id}.response`,
      `state/attempts/${task.id}`,
      `state/goals/${task.id}.json`,
      `state/journal/${task.id}.jsonl`,
      plan,
      `workspace/.con/tasks/${task.id}-answer.txt`,
      `workspace/.con/tasks/${task.id}.txt`,
    ]);
  });

  it("what a waiting task took as an answer, and whom it asked", async () => {
    const bed = await Bed.awake();
    const waiting = aTask("x", { id: freshId(100) });
    const [asked, answer] = [freshId(100), freshId(100)];
    bed.queue("held", waiting);
    bed.put(`state/sent/${asked}`, 100);
    bed.put(`processed/${answer}.task`, 100);
    bed.put(`state/sent/${freshId(100)}`, 100);
    writeNote(nodeDisk, bed.at.post.paths, waiting.id, {
      since: new Date().toISOString(),
      calls: [
        { call: "1", why: "", until: Date.now(), over: null, waitFor: [{ id: asked, from: "b" }] },
      ],
      answers: [{ to: asked, task: answer }],
    });
    await bed.run();
    expect(bed.names().filter((name) => !name.startsWith("queue"))).toEqual([
      `processed/${answer}.task`,
      `state/sent/${asked}`,
    ]);
  });

  it("an answer whose words are not in its thread yet", async () => {
    const bed = await Bed.awake();
    const id = freshId(100);
    for (const suffix of ["json", "response"]) bed.put(`outbox/${id}.${suffix}`, 100);
    bed.put(`state/turns/${id}.json`, 100);
    await bed.run();
    expect(bed.names()).toContain(`outbox/${id}.json`);
  });

  it("plans of threads that went on, and all plans when nobody can say", async () => {
    const bed = await Bed.awake();
    const named = (thread: string): string =>
      `state/plans/${planFile({ id: "", request: requestOf("", { thread }) }, "trusted")}`;
    for (const thread of ["a", "b"]) bed.put(named(thread), 200);
    bed.threads = null;
    await bed.run();
    expect(bed.names()).toEqual([named("a"), named("b")].sort());
    bed.threads = [{ principal: "trusted", thread: "a" }];
    await bed.run();
    expect(bed.names()).toEqual([named("a")]);
  });

  it("what a link of the agent leads to", async () => {
    const bed = await Bed.awake();
    const outside = join(bed.at.root, "outside");
    const id = freshId(300);
    fs.mkdirSync(join(outside, "tasks"), { recursive: true });
    const precious = [join(outside, `${id}.json`), join(outside, "tasks", `${id}.txt`)];
    for (const path of precious) {
      fs.writeFileSync(path, "x");
      fs.utimesSync(path, 1, 1);
    }
    const replace = (path: string, target: string): void => {
      fs.rmSync(join(bed.base, path), { recursive: true });
      fs.symlinkSync(target, join(bed.base, path));
    };
    replace("outbox", outside);
    replace("state/goals", outside);
    replace("workspace/.con", outside);
    fs.symlinkSync(precious[0] ?? "", join(bed.base, "processed", `${id}.task`));
    fs.lutimesSync(join(bed.base, "processed", `${id}.task`), 1, 1);
    await bed.run();
    expect(precious.every((path) => fs.existsSync(path))).toBe(true);
    // The name itself went, and nothing that it led to.
    expect(fs.readdirSync(join(bed.base, "processed"))).toEqual([]);
    replace("queue/active", outside);
    bed.put(`processed/${id}.task`, 300);
    await expect(bed.run()).rejects.toThrow("it is no directory");
    expect(fs.existsSync(join(bed.base, "processed", `${id}.task`))).toBe(true);
  });

  it("a file that is written again before it goes", async () => {
    const bed = await Bed.awake();
    const name = `state/plans/${planFile(aTask("x", { id: freshId(1) }), "trusted")}`;
    bed.put(name, 200);
    const since = bed.threads;
    Object.defineProperty(bed, "threads", {
      get: () => {
        // Between the look and the removal.
        fs.writeFileSync(join(bed.base, name), "new");
        return since;
      },
    });
    await bed.run();
    expect(fs.readFileSync(join(bed.base, name), "utf8")).toBe("new");
  });
});
