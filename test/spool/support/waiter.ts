/** A task at a desk that waits, and who answers it. */
import { takeAnswer } from "../../../src/spool/answers.ts";
import { firstAttempt } from "../../../src/spool/attempts.ts";
import { writeNote } from "../../../src/spool/notes.ts";
import type { WaitingCall, WaitNote } from "../../../src/spool/wait-note.ts";
import type { Origin, Request, Task } from "../../../src/task/task.ts";
import { type Desk, helper, idOf, me, minute, noon, put, at as stamp, taskOf } from "./desk.ts";

export const id = idOf(1);
export const [asked, second, answer] = [idOf(2), idOf(3), idOf(4)] as const;

export const call = (
  name: string,
  from: string | null,
  ...ids: readonly string[]
): WaitingCall => ({
  ...{ call: name, why: "asked", until: noon + minute, over: null },
  waitFor: ids.map((one) => ({ id: one, from })),
});

export function hold(
  at: Desk,
  calls: readonly WaitingCall[],
  answers: WaitNote["answers"] = [],
): void {
  put(at, "held", taskOf(1));
  writeNote(at.disk, me, id, { since: stamp(noon), calls, answers });
}

/** Task 4, which answers what was asked, from `helper` unless it says otherwise. */
export const reply = (request: Partial<Request> = {}, origin: Partial<Origin> = {}): Task =>
  taskOf(4, { text: "yes", replyTo: asked, ...request }, { from: helper, ...origin });

export function take(at: Desk, task: Task) {
  const queued = { task: put(at, "active", task), claimedAt: stamp(noon - 5) };
  return takeAnswer(at.world, at.post, { ...queued, attempts: firstAttempt });
}

export const none = { kind: "none" };
