/** What an answer that was taken comes to, also after a crash. */
import { describe, expect, it } from "vitest";
import { wakeWaiter, wokenCalls } from "../../src/spool/answers.ts";
import { pathIn } from "../../src/spool/known.ts";
import { people, type WaitingCall, type WaitNote } from "../../src/spool/wait-note.ts";
import type { Task } from "../../src/task/task.ts";
import {
  ada,
  answerIn,
  desk,
  idOf,
  me,
  minute,
  noon,
  places,
  put,
  recordIn,
  at as stamp,
  write,
} from "./support/desk.ts";
import { answer, asked, call, hold, id, reply, second } from "./support/waiter.ts";

describe("an answer that was settled before a crash", () => {
  const taken = [{ to: asked, task: answer }];

  it("wakes who has all answers with it", () => {
    const at = desk();
    hold(at, [call("1-1", "helper", asked)], taken);
    expect(wakeWaiter(at.world, at.post, reply())).toBe(id);
    expect(places(at, id)).toEqual(["active"]);
    expect(wakeWaiter(at.world, at.post, reply())).toBeNull();
  });

  it.each<[string, readonly WaitingCall[], WaitNote["answers"], Task]>([
    ["more is waited for", [call("1-1", "helper", asked, second)], taken, reply()],
    ["it was not taken", [call("1-1", "helper", asked)], [], reply()],
    ["it is no answer", [call("1-1", "helper", asked)], taken, reply({ replyTo: null })],
    ["nobody waits", [call("1-1", "helper", second)], [], reply()],
    [
      "another task's answer was taken",
      [call("1-1", "helper", asked)],
      [{ to: asked, task: idOf(9) }],
      reply(),
    ],
  ])("wakes nobody where %s", (_, calls, answers, task) => {
    const at = desk();
    hold(at, calls, answers);
    expect(wakeWaiter(at.world, at.post, task)).toBeNull();
    expect(places(at, id)).toEqual(["held"]);
  });
});

describe("what came back for the calls of a task", () => {
  const came = { to: asked, from: "helper", id: answer, at: stamp(noon - minute), text: "yes" };

  it("is given call by call, and none for what waits on", async () => {
    const at = desk();
    hold(
      at,
      [
        call("1-1", "helper", asked),
        call("1-2", "helper", second),
        { ...call("1-3", "helper", second, asked), over: "too late" },
      ],
      [{ to: asked, task: answer }],
    );
    put(at, "processed", reply());
    expect(await wokenCalls(at.world, at.post, id)).toEqual([
      { call: "1-1", answers: [came], over: null },
      { call: "1-3", answers: [came], over: "too late" },
    ]);
  });

  it("is nothing without a note", async () => {
    const at = desk();
    expect(await wokenCalls(at.world, at.post, id)).toEqual([]);
  });

  it("says of a trusted person's own word that it is one", async () => {
    const at = desk();
    hold(at, [call("1-1", people, asked)], [{ to: asked, task: answer }]);
    put(at, "processed", reply({}, { from: ada, trust: "verified" }));
    expect(await wokenCalls(at.world, at.post, id)).toEqual([
      { call: "1-1", answers: [{ ...came, from: "ada", person: true }], over: null },
    ]);
  });

  it("says that an answer is lost, rather than that none came", async () => {
    const lost = `the answer, task ${answer}, cannot be read any more`;
    const gone = desk();
    hold(gone, [call("1-1", "helper", asked)], [{ to: asked, task: answer }]);
    const damaged = desk();
    hold(damaged, [call("1-1", "helper", asked)], [{ to: asked, task: answer }]);
    write(damaged, pathIn(me, "processed", answer), "{}\n");
    for (const at of [gone, damaged])
      expect(await wokenCalls(at.world, at.post, id)).toEqual([
        { call: "1-1", answers: [], over: lost },
      ]);
  });

  it.each(["active", "deferred"] as const)(
    "settles an answer that a crash left %s, so that nobody runs it",
    async (place) => {
      const at = desk();
      hold(at, [call("1-1", "helper", asked)], [{ to: asked, task: answer }]);
      put(at, place, reply());
      expect(await wokenCalls(at.world, at.post, id)).toMatchObject([{ answers: [came] }]);
      at.memory.reboot(true);
      expect(places(at, answer)).toEqual(["processed"]);
      expect(recordIn(at, answer)).toMatchObject({ status: "done", attempts: 1 });
      expect(answerIn(at, answer)).toBe(`Taken as the answer that task ${id} waited for.\n`);
    },
  );
});
