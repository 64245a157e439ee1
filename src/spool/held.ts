/**
 * Tasks that wait: `held/`, with the time of their next look as mtime and a note beside them.
 *
 * To hold: the note (first of all, before anybody is asked), what people are asked, then the move. To wake: the
 * note is closed, what people were asked goes, then the move back. So a crash leaves a task in `active/` with an open note, which is held again when
 * its attempt is made, or a task in `held/` with a closed one, which what closed it finds again: the
 * answer (answers.ts), the time, the control file. The note stays until the next hold or the end of the
 * task; closed, it takes nothing.
 */
import type { CallHold } from "../task/hold.ts";
import { expired } from "../task/retry.ts";
import type { Task } from "../task/task.ts";
import { type Attempts, writeAttempts } from "./attempts.ts";
import { queuedIds, retryTimeOf } from "./defer.ts";
import { pathIn, placeOf } from "./known.ts";
import type { AgentPaths } from "./layout.ts";
import { moveByLink } from "./move.ts";
import { readNote, writeNote } from "./notes.ts";
import { askPublicly, forgetQuestion } from "./question.ts";
import { readQueued } from "./queued.ts";
import { wasSent } from "./sent.ts";
import { dueAt, isClosed, noteFor, type WaitNote, withEnds } from "./wait-note.ts";
import type { DeliverWorld, Post, SpoolWorld } from "./world.ts";

/** Held tasks of one agent: each reply looks through their notes. */
const maxHeld = 1000;

/**
 * Notes what a call of the task at work is about to ask for: an answer that overtakes the hold, because
 * a crash came between, is taken too. Who was asked must be remembered before (sent.ts).
 */
export function expectAnswers(
  world: Pick<DeliverWorld, "disk" | "now">,
  paths: AgentPaths,
  id: string,
  hold: CallHold,
): void {
  const { disk } = world;
  const earlier = readNote(disk, paths, id);
  const others = (earlier?.calls ?? []).filter(({ call }) => call !== hold.call);
  const since = new Date(world.now()).toISOString();
  const note = noteFor([hold], (asked) => wasSent(disk, paths, asked), since, earlier);
  const answers = [...new Set([...(earlier?.answers ?? []), ...note.answers])];
  writeNote(disk, paths, id, { since, calls: [...others, ...note.calls], answers });
}

/** Puts an active task away until it is woken; `awake` when there is nothing left to wait for. */
export function holdTask(
  world: SpoolWorld,
  post: Post,
  task: Task,
  attempts: Attempts,
  holds: readonly CallHold[],
): "held" | "awake" {
  const { disk } = world;
  const { paths } = post;
  const since = new Date(world.now()).toISOString();
  const who = (id: string): string | null => wasSent(disk, paths, id);
  const wanted = noteFor(holds, who, since, readNote(disk, paths, task.id));
  const full = queuedIds(world, post, "held").length >= maxHeld;
  const why = `${maxHeld} tasks of this agent wait already`;
  const note = full ? withEnds(wanted, () => why) : wanted;
  writeAttempts(disk, paths, task.id, { ...attempts, released: true });
  writeNote(disk, paths, task.id, note);
  if (isClosed(note)) return "awake";
  askPublicly(disk, paths, task.id, { holds, note });
  const from = pathIn(paths, "active", task.id);
  disk.setTime(from, dueAt(note, task.request.deadline));
  moveByLink(disk, from, pathIn(paths, "held", task.id));
  const [until, waitFor] = [
    dueAt(note, task.request.deadline),
    holds.flatMap((hold) => hold.waitFor),
  ];
  world.told?.({
    state: "held",
    task,
    until,
    waitFor,
    why: holds.map(({ why }) => why).join("; "),
  });
  return "held";
}

/** Ids of held tasks whose time has come. */
export function dueHeld(world: SpoolWorld, post: Post): string[] {
  const now = world.now();
  return queuedIds(world, post, "held").filter((id) => {
    const stat = world.disk.find(pathIn(post.paths, "held", id));
    return stat !== null && retryTimeOf(stat) <= now;
  });
}

/** Ends what is over by now; true when the task is active again. */
export async function endDue(world: SpoolWorld, post: Post, id: string): Promise<boolean> {
  const { disk } = world;
  const path = pathIn(post.paths, "held", id);
  const queued = await readQueued(disk, path, world.loadYaml);
  if (queued === "missing") return false;
  const deadline = typeof queued === "string" ? null : queued.task.request.deadline;
  const late = expired(deadline, world.now());
  const note = endCalls(world, post, id, ({ until }) => {
    if (late) return "the deadline of the task passed";
    return until <= world.now() ? "the time for it is over" : null;
  });
  if (note === null || isClosed(note)) return wake(world, post, id);
  disk.setTime(path, dueAt(note, deadline));
  return false;
}

/** Ends all waiting of a held task and makes it active again. */
export function release(world: SpoolWorld, post: Post, id: string, why: string): void {
  endCalls(world, post, id, () => why);
  wake(world, post, id);
}

/** The note as it is now; null where there is none. */
function endCalls(
  world: SpoolWorld,
  post: Post,
  id: string,
  ends: Parameters<typeof withEnds>[1],
): WaitNote | null {
  const before = readNote(world.disk, post.paths, id);
  if (before === null || isClosed(before)) return before;
  const note = withEnds(before, ends);
  writeNote(world.disk, post.paths, id, note);
  return note;
}

/** Makes a held task active again; false when it is not held. */
export function wake(world: SpoolWorld, post: Post, id: string): boolean {
  if (placeOf(world.disk, post.paths, id) !== "held") return false;
  forgetQuestion(world.disk, post.paths, id);
  moveByLink(world.disk, pathIn(post.paths, "held", id), pathIn(post.paths, "active", id));
  return true;
}
