import fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { freshId } from "../../src/spool/deliver.ts";
import { minute } from "../../src/task/retry.ts";
import type { Request } from "../../src/task/task.ts";
import { selfUid, tally } from "../spool/support/fixture.ts";

import { bed, defer, echo, never, untilAborted } from "./support/bed.ts";

const root = selfUid === 0;

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
