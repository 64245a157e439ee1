/** Tasks as a crash may leave them at a desk. */
import { writeAttempts } from "../../../src/spool/attempts.ts";
import { writeNote } from "../../../src/spool/notes.ts";
import type { Task } from "../../../src/task/task.ts";
import { type Desk, helper, idOf, me, minute, noon, put, at as stamp, taskOf } from "./desk.ts";
import { tally } from "./fixture.ts";

export const id = idOf(1);
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
  put(at, "held", taskOf(1));
  const waitFor = [{ id: idOf(2), from: "helper" }];
  const calls = [{ call: "1-1", why: "asked", until: noon + minute, waitFor, over: null }];
  const answers = [{ to: idOf(2), task: idOf(4) }];
  writeNote(at.disk, me, id, { since: stamp(noon), calls, answers });
  return taskOf(4, { replyTo: idOf(2) }, { from: helper });
}
