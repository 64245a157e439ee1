/** Tasks as a crash may leave them at a desk. */
import { writeAttempts } from "../../../src/spool/attempts.ts";
import type { Task } from "../../../src/task/task.ts";
import { type Desk, me, noon, put, at as stamp } from "./desk.ts";
import { tally } from "./fixture.ts";
import { answer, asked, call, hold, reply } from "./waiter.ts";

export const released = { attempts: 1, strikes: 0, progress: 0, released: true };
export const run = { attempts: 1, startedAt: stamp(noon) };
export const done = { kind: "done", answer: "fine", tally } as const;
export const failure = { kind: "failed", why: "no", answer: "no", tally } as const;

/** A task whose last attempt ended in good order. */
export function resumable(at: Desk, task: Task): Task {
  writeAttempts(at.disk, me, task.id, released);
  return put(at, "active", task);
}

/** Task 1, waiting for an answer that task 4 gave. */
export function waiting(at: Desk): Task {
  hold(at, [call("1-1", "helper", asked)], [{ to: asked, task: answer }]);
  return reply();
}
