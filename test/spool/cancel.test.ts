/** Control files that cancel a task, wherever it is. */
import { describe, expect, it } from "vitest";
import { writeAttempts } from "../../src/spool/attempts.ts";
import { deliver } from "../../src/spool/deliver.ts";
import { requestOf } from "../../src/task/codec.ts";
import {
  attempts,
  command,
  done,
  finished,
  hold,
  notYours,
  order,
  refused,
} from "./support/command.ts";
import {
  ada,
  answerIn,
  bob,
  desk,
  idOf,
  me,
  noon,
  places,
  put,
  recordIn,
  root,
  at as stamp,
  taskOf,
} from "./support/desk.ts";
import { id } from "./support/waiter.ts";

describe("cancel", () => {
  it.each(["active", "deferred", "held"] as const)(
    "ends a task in %s, told as such",
    async (place) => {
      const at = desk();
      if (place === "held") hold(at);
      else put(at, place, taskOf(1));
      writeAttempts(at.disk, me, id, attempts);
      const { outcome, heard } = await command(at, order("cancel"));
      expect(outcome).toEqual(done(`Task ${id} was cancelled.`));
      expect(heard).toEqual({ claimed: [], woken: [] });
      expect(places(at, id)).toEqual(["processed"]);
      expect(recordIn(at, id)).toMatchObject({ status: "cancelled", attempts: 3, error: null });
      expect(recordIn(at, id)).toMatchObject({ started_at: stamp(noon), steps: 0 });
      expect(answerIn(at, id)).toBe("The task was cancelled by ada.\n");
      expect(at.memory.names(`${me.state}/attempts`)).toEqual([]);
      expect(at.memory.names(me.queue.held)).toEqual([]);
      expect(at.told).toMatchObject([{ state: "cancelled", why: "by ada" }]);
    },
  );

  it.each(finished)("is refused for a task in %s, which stays", async (place) => {
    const at = desk();
    put(at, place, taskOf(1));
    const { outcome } = await command(at, order("cancel"));
    expect(outcome).toEqual(refused("cancel", "it is finished already"));
    expect(places(at, id)).toEqual([place]);
  });

  it("forgets the count of a task that ends in its first attempt, too", async () => {
    const at = desk();
    put(at, "active", taskOf(1));
    writeAttempts(at.disk, me, id, { ...attempts, attempts: 1 });
    await command(at, order("cancel"));
    expect(at.memory.names(`${me.state}/attempts`)).toEqual([]);
  });

  it("claims a task that nobody claimed yet, and says so", async () => {
    const at = desk();
    at.memory.uid = ada.uid;
    deliver(at.world, me.inbox, requestOf("other"), { id: idOf(2) });
    deliver(at.world, me.inbox, requestOf("work"), { id });
    const { outcome, heard } = await command(at, order("cancel"));
    expect(outcome).toEqual(done(`Task ${id} was cancelled.`));
    expect(heard).toEqual({ claimed: [id], woken: [] });
    expect(at.memory.names(me.inbox)).toEqual([`${idOf(2)}.task`]);
    expect(places(at, id)).toEqual(["processed"]);
  });

  it("is not obeyed by a stranger, who leaves the task claimed where it was in the inbox", async () => {
    const at = desk();
    at.memory.uid = ada.uid;
    deliver(at.world, me.inbox, requestOf("work"), { id });
    const { outcome, heard } = await command(at, order("cancel", { from: bob }));
    expect(outcome).toEqual(refused("cancel", notYours));
    expect(heard.claimed).toEqual([id]);
    expect(places(at, id)).toEqual(["active"]);
  });

  it("tells the task at work to stop, and leaves it to end by itself", async () => {
    for (const [name, by] of [
      ["ada", {}],
      ["root", { from: root, trust: "verified" }],
    ] as const) {
      const at = desk();
      const task = put(at, "active", taskOf(1));
      const stops: string[] = [];
      const running = { task, cancel: (who: string) => void stops.push(who) };
      const { outcome } = await command(at, order("cancel", by), running);
      expect(outcome).toEqual(done(`Task ${id} is being cancelled.`));
      expect(stops).toEqual([name]);
      expect(places(at, id)).toEqual(["active"]);
    }
  });

  it("of a stranger does not stop the task at work", async () => {
    const at = desk();
    const task = put(at, "active", taskOf(1));
    const stops: string[] = [];
    const running = { task, cancel: (who: string) => void stops.push(who) };
    const { outcome } = await command(at, order("cancel", { from: bob }), running);
    expect(outcome).toEqual(refused("cancel", notYours));
    expect(stops).toEqual([]);
  });

  it("of another task does not stop the one at work", async () => {
    const at = desk();
    put(at, "deferred", taskOf(1));
    const stops: string[] = [];
    const running = { task: taskOf(5), cancel: (who: string) => void stops.push(who) };
    const { outcome } = await command(at, order("cancel"), running);
    expect(outcome).toEqual(done(`Task ${id} was cancelled.`));
    expect(stops).toEqual([]);
  });
});
