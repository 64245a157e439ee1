/** A control file that is obeyed at a desk: who gave it, and who hears of it. */
import { type ControlContext, obey } from "../../../src/spool/control.ts";
import type { Place } from "../../../src/spool/known.ts";
import { writeNote } from "../../../src/spool/notes.ts";
import type { FinalOutcome } from "../../../src/task/record.ts";
import { type Control, emptyTally, type Origin, type Task } from "../../../src/task/task.ts";
import { type Desk, idOf, me, noon, put, at as stamp, taskOf } from "./desk.ts";

export const id = idOf(1);
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
export function hold(at: Desk): void {
  put(at, "held", taskOf(1));
  const until = noon + 1000;
  const waitFor = [{ id: idOf(2), from: "helper" }];
  const calls = [{ call: "1-1", why: "asked", until, waitFor, over: null }];
  writeNote(at.disk, me, id, { since: stamp(noon), calls, answers: [] });
}
