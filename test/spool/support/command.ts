/** A control file that is obeyed at a desk: who gave it, and who hears of it. */
import { type ControlContext, obey } from "../../../src/spool/control.ts";
import type { Place } from "../../../src/spool/known.ts";
import type { FinalOutcome } from "../../../src/task/record.ts";
import { type Control, emptyTally, type Origin, type Task } from "../../../src/task/task.ts";
import { type Desk, taskOf } from "./desk.ts";
import { asked, call, hold as holdFor, id } from "./waiter.ts";

export const attempts = { attempts: 3, strikes: 2, progress: 7, released: false };
export const finished: readonly Place[] = ["failed", "processed", "corrupt"];

export interface Heard {
  readonly claimed: string[];
  readonly woken: string[];
}

export const order = (verb: Control["verb"], by: Partial<Origin> = {}): Task =>
  taskOf(9, { control: { verb, id } }, by);

export async function command(
  at: Desk,
  task: Task,
  running: ControlContext["running"] = null,
): Promise<{ outcome: FinalOutcome; heard: Heard }> {
  const heard: Heard = { claimed: [], woken: [] };
  const { claimed, woken } = heard;
  const context = {
    running,
    claimed: (one: string) => void claimed.push(one),
    woken: (one: string) => void woken.push(one),
  };
  const control = task.request.control ?? { verb: "cancel", id: "" };
  return { outcome: await obey(at.world, at.post, task, control, context), heard };
}

export const done = (answer: string) => ({ kind: "done", answer, tally: emptyTally });
export const refused = (verb: string, why: string) => ({
  ...{ kind: "failed", why, answer: `Cannot ${verb} ${id}: ${why}.`, tally: emptyTally },
});
export const notYours = "only its sender or a trusted person may do that";

/** Holds it, with a note of what it waits for. */
export const hold = (at: Desk): void => holdFor(at, [call("1-1", "helper", asked)]);
