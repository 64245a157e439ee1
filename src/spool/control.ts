/**
 * Control files: `cancel: ID` and `retry: ID`. Obeyed when who sent them is verified or is the sender
 * of that task. A control file is itself a task: it is claimed, answered and settled like one.
 *
 * Crash in the middle: the control task is still active and is obeyed again; each act is idempotent.
 */
import { errnoOf } from "../system/disk.ts";
import { moveDurably, syncDirectory } from "../system/durable.ts";
import type { FinalOutcome } from "../task/record.ts";
import { type Control, emptyTally, type Task } from "../task/task.ts";
import { forgetAttempts, readAttempts, writeAttempts } from "./attempts.ts";
import { claim } from "./claim.ts";
import { release } from "./held.ts";
import { type Place, pathIn, placeOf, recordPath, responsePath } from "./known.ts";
import { type Queued, readQueued } from "./queued.ts";
import { scan } from "./scan.ts";
import { settle } from "./settle.ts";
import type { Post, SpoolWorld } from "./world.ts";

/** The task that is being worked on while a control file is obeyed. */
export interface Running {
  readonly task: Task;
  readonly cancel: (by: string) => void;
}

export interface ControlContext {
  readonly running: Running | null;
  /** Told about a task that had to be claimed to be looked at: it is active and nobody runs it yet. */
  readonly claimed: (id: string) => void;
  /** Told about a held task that is active again. */
  readonly woken: (id: string) => void;
}

/** Acts on a claimed control task and returns what to answer. */
export async function obey(
  world: SpoolWorld,
  post: Post,
  task: Task,
  control: Control,
  context: ControlContext,
): Promise<FinalOutcome> {
  const { running } = context;
  if (running?.task.id === control.id && control.verb === "cancel") {
    return mayControl(task, running.task) ? cancelRunning(task, running) : notYours(control);
  }
  const found = await find(world, post, control.id, context);
  if (found === null) return refused(control, "there is no such task here");
  if (!mayControl(task, found.queued.task)) return notYours(control);
  return control.verb === "cancel"
    ? cancel(world, post, task, found)
    : retry(world, post, task, control, found, context);
}

interface Found {
  readonly place: Place;
  readonly queued: Queued;
}

/** A task that nobody claimed yet is claimed first, so that there is only one way to settle. */
async function find(
  world: SpoolWorld,
  post: Post,
  id: string,
  context: ControlContext,
): Promise<Found | null> {
  const place = placeOf(world.disk, post.paths, id);
  if (place !== null) {
    const queued = await readQueued(world.disk, pathIn(post.paths, place, id), world.loadYaml);
    return typeof queued === "string" ? null : { place, queued };
  }
  const candidate = scan(world, post).find(({ base }) => base === id);
  if (candidate === undefined) return null;
  const claimed = await claim(world, post, candidate);
  if (claimed.kind !== "task") return null;
  context.claimed(id);
  return { place: "active", queued: claimed };
}

const mayControl = (by: Task, target: Task): boolean =>
  by.trust === "verified" || by.from.uid === target.from.uid;

function cancelRunning(by: Task, running: Running): FinalOutcome {
  running.cancel(by.from.name);
  return done(`Task ${running.task.id} is being cancelled.`);
}

function cancel(world: SpoolWorld, post: Post, by: Task, found: Found): FinalOutcome {
  const { place, queued } = found;
  const { id } = queued.task;
  if (place !== "active" && place !== "deferred" && place !== "held") {
    return refused({ verb: "cancel", id }, "it is finished already");
  }
  const { attempts } = readAttempts(world.disk, post.paths, id);
  const outcome = { kind: "cancelled", by: by.from.name, tally: emptyTally } as const;
  settle(world, post, queued.task, outcome, { place, attempts, startedAt: queued.claimedAt });
  forgetAttempts(world.disk, post.paths, id);
  return done(`Task ${id} was cancelled.`);
}

function retry(
  world: SpoolWorld,
  post: Post,
  by: Task,
  control: Control,
  found: Found,
  context: ControlContext,
): FinalOutcome {
  const { disk } = world;
  const { paths } = post;
  const { id } = control;
  const path = pathIn(paths, found.place, id);
  if (found.place === "deferred") {
    disk.setTime(path, world.now());
    return done(`Task ${id} is tried again now.`);
  }
  if (found.place === "held") {
    release(world, post, id, `${by.from.name} said to go on without it`);
    context.woken(id);
    return done(`Task ${id} goes on now, without what it waited for.`);
  }
  if (found.place !== "failed") return refused(control, `it is ${stateOf(found.place)}`);
  const last = readAttempts(disk, paths, id);
  writeAttempts(disk, paths, id, { ...last, strikes: 0, released: true });
  // The old answer goes first: a task with a record counts as settled, and none stands alone.
  for (const old of [responsePath(paths, id), recordPath(paths, id)]) removeIfThere(world, old);
  syncDirectory(disk, paths.outbox);
  disk.setTime(path, world.now());
  moveDurably(disk, path, pathIn(paths, "deferred", id));
  return done(`Task ${id} is tried again now.`);
}

function removeIfThere(world: SpoolWorld, path: string): void {
  try {
    world.disk.unlink(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

const stateOf = (place: Place): string =>
  place === "processed" ? "finished already" : place === "corrupt" ? "malformed" : `${place} now`;

const done = (answer: string): FinalOutcome => ({ kind: "done", answer, tally: emptyTally });

function refused(control: Control, why: string): FinalOutcome {
  const answer = `Cannot ${control.verb} ${control.id}: ${why}.`;
  return { kind: "failed", why, answer, tally: emptyTally };
}

const notYours = (control: Control): FinalOutcome =>
  refused(control, "only its sender or a trusted person may do that");
