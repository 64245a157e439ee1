/** How a task ends: its answer is public once, who asked is told once, the task is put away. */
import { describe, expect, it } from "vitest";
import { writeAttempts } from "../../src/spool/attempts.ts";
import { pathIn, recordPath, responsePath } from "../../src/spool/known.ts";
import { notePath, writeNote } from "../../src/spool/notes.ts";
import { finishPublishing } from "../../src/spool/published.ts";
import { questionPath } from "../../src/spool/question.ts";
import { publish, putAway, settle } from "../../src/spool/settle.ts";
import type { FinalOutcome } from "../../src/task/record.ts";
import { emptyTally } from "../../src/task/task.ts";
import {
  answerIn,
  type Desk,
  desk,
  failing,
  helper,
  helperInbox,
  idOf,
  me,
  minute,
  noon,
  places,
  put,
  recordIn,
  at as stamp,
  taskOf,
  write,
} from "./support/desk.ts";
import { tally } from "./support/fixture.ts";

const id = idOf(1);
const done = (answer: string) => ({ kind: "done", answer, tally }) as const;
const run = { place: "active", attempts: 1, startedAt: stamp(noon - minute) } as const;

/** Everything that a task may have beside it. */
function beside(at: Desk): string[] {
  writeAttempts(at.disk, me, id, { attempts: 2, strikes: 0, progress: 0, released: true });
  writeNote(at.disk, me, id, { since: stamp(noon), calls: [], answers: [] });
  write(at, questionPath(me, id), "{}");
  return [`${me.state}/attempts/${id}`, notePath(me, id), questionPath(me, id)];
}

describe("a settled task", () => {
  it("has an answer and a record, both whole, and lies where finished tasks are", () => {
    const at = desk();
    const task = put(at, "active", taskOf(1, { thread: "t" }));
    settle(at.world, at.post, task, done("fine"), run);
    expect(places(at, id)).toEqual(["processed"]);
    at.memory.reboot(true);
    expect(answerIn(at, id)).toBe("fine\n");
    expect(recordIn(at, id)).toEqual({
      ...{ id, agent: "me", status: "done", from: { uid: 1000, name: "ada" } },
      ...{ trust: "unverified", attempts: 1, received_at: task.receivedAt },
      ...{ started_at: stamp(noon - minute), finished_at: stamp(noon), model: "test", steps: 1 },
      ...{ tokens: { input: 1, output: 2 }, cost_usd: 0, error: null, children: [] },
      ...{ thread: "t", checks: null },
    });
    expect(at.memory.text(recordPath(me, id))?.endsWith("}\n")).toBe(true);
    expect([responsePath(me, id), recordPath(me, id)].map((p) => at.memory.mode(p))).toEqual([
      0o640, 0o640,
    ]);
    expect(at.told).toEqual([{ state: "done", task }]);
    expect(at.lines).toEqual([
      { level: "info", message: "task settled", fields: { id, status: "done", attempts: 1 } },
    ]);
  });

  it.each<[FinalOutcome, string, string, string]>([
    [{ kind: "failed", why: "no", answer: "sorry\n", tally }, "failed", "sorry\n", "no"],
    [
      { kind: "cancelled", by: "ada", tally },
      "processed",
      "The task was cancelled by ada.\n",
      "by ada",
    ],
  ])("that did not end well says why: %j", (outcome, place, answer, why) => {
    const at = desk();
    const task = put(at, "active", taskOf(1));
    settle(at.world, at.post, task, outcome, run);
    expect([places(at, id), answerIn(at, id)]).toEqual([[place], answer]);
    expect(at.told).toEqual([{ state: outcome.kind, task, why }]);
  });

  it("keeps one newline at the end of its answer, and is settled where nobody hears of it", () => {
    const at = desk();
    const { told: _, ...deaf } = at.world;
    const task = put(at, "active", taskOf(1));
    settle(deaf, at.post, task, done("a\n\nb\n"), run);
    expect(answerIn(at, id)).toBe("a\n\nb\n");
  });

  it("keeps the answer that is public: a second one changes nothing", () => {
    const at = desk();
    const task = put(at, "active", taskOf(1, {}, { from: helper }));
    expect(publish(at.world, at.post, task, done("first"), run)).toBe("done");
    at.clock.ms += minute;
    const failure = { kind: "failed", why: "no", answer: "no", tally: emptyTally } as const;
    expect(publish(at.world, at.post, task, failure, run)).toBe("done");
    expect(answerIn(at, id)).toBe("first\n");
    expect(recordIn(at, id)).toMatchObject({ status: "done", finished_at: stamp(noon) });
    expect(at.told).toHaveLength(1);
    expect(at.memory.names(helperInbox)).toHaveLength(1);
  });
});

describe("putting away", () => {
  it("takes everything beside the task with it after a later attempt, or from another place", () => {
    for (const [place, attempts] of [
      ["active", 2],
      ["deferred", 1],
      ["held", 1],
    ] as const) {
      const at = desk();
      put(at, place, taskOf(1));
      const files = beside(at);
      putAway(at.world, at.post, id, "done", { place, attempts });
      expect(places(at, id)).toEqual(["processed"]);
      expect(files.map((path) => at.memory.text(path))).toEqual([null, null, null]);
    }
  });

  it("of an ordinary task costs nothing more than its move", () => {
    const at = desk();
    put(at, "active", taskOf(1));
    const before = at.memory.calls;
    putAway(at.world, at.post, id, "done", run);
    expect(at.memory.calls - before).toBe(1);
  });

  it("is durable for a held task, and for others where that is asked for", () => {
    for (const [place, durable, after] of [
      ["held", false, ["processed"]],
      ["active", true, ["processed"]],
      ["active", false, ["active"]],
    ] as const) {
      const at = desk();
      put(at, place, taskOf(1));
      putAway(at.world, at.post, id, "done", { place, attempts: 1, durable });
      at.memory.reboot(true);
      expect(places(at, id)).toEqual(after);
    }
  });

  it("may be repeated, and tells when the task is nowhere or cannot be moved", () => {
    const at = desk();
    expect(() => putAway(at.world, at.post, id, "done", run)).toThrow("ENOENT");
    put(at, "failed", taskOf(1));
    expect(() => putAway(at.world, at.post, id, "done", run)).toThrow("ENOENT");
    putAway(at.world, at.post, id, "failed", run);
    expect(places(at, id)).toEqual(["failed"]);
    const world = { ...at.world, disk: failing(at.disk, "rename", "EIO") };
    expect(() => putAway(world, at.post, id, "failed", run)).toThrow("EIO");
  });
});

describe("what a crash left half public", () => {
  const task = taskOf(1, {}, { from: helper });
  const record = JSON.stringify({ status: "failed", attempts: 4, finished_at: stamp(noon - 5) });
  const waiting = `${me.outbox}/.${id}.json.new`;

  it("is finished: the record appears, who asked is told the answer once", () => {
    const at = desk();
    write(at, responsePath(me, id), "the\nanswer\n");
    write(at, waiting, record);
    for (let again = 0; again < 2; again += 1)
      expect(finishPublishing(at.world, at.post, task)).toEqual({ status: "failed", attempts: 4 });
    expect(at.memory.names(me.outbox)).toEqual([`${id}.json`, `${id}.response`]);
    const told = at.memory.names(helperInbox);
    expect(told).toHaveLength(1);
    expect(at.memory.text(`${helperInbox}/${told[0]}`)).toMatch(/\nthe\nanswer\n--- end/);
  });

  it("is nothing while nobody can have seen it, and then goes", () => {
    const at = desk();
    write(at, waiting, record);
    write(at, `${me.outbox}/.${id}.response.new`, "the answer\n");
    expect(finishPublishing(at.world, at.post, task)).toBeNull();
    expect(at.memory.names(me.outbox)).toEqual([]);
    expect(at.memory.names(helperInbox)).toEqual([]);
  });

  it("is settled without an answer to tell, where that is gone", () => {
    const at = desk();
    write(at, recordPath(me, id), record);
    expect(finishPublishing(at.world, at.post, task)).toEqual({ status: "failed", attempts: 4 });
    expect(at.memory.names(helperInbox)).toEqual([]);
  });

  it("is published anew where an answer stands without any record", () => {
    const at = desk();
    put(at, "active", taskOf(1));
    write(at, responsePath(me, id), "half");
    expect(publish(at.world, at.post, task, done("whole"), run)).toBe("done");
    expect(answerIn(at, id)).toBe("whole\n");
    expect(pathIn(me, "active", id)).toBe(`${me.queue.active}/${id}.task`);
  });
});
