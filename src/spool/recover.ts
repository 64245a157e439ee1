/**
 * Puts right what a crash left. Legal leftovers: our own temporary names; original and copy of one
 * task (the claim drops the original); an active task with an answer; an active task without one; a
 * held task that an answered one has yet to wake (held.ts and answers.ts tell the others about held).
 *
 * Call it with the lock held, before anything else. It settles nothing twice and runs nothing: what
 * must run again is returned.
 */
import { join } from "node:path";
import { errnoOf } from "../system/disk.ts";
import { exists, isTemporaryName, moveDurably, syncDirectory } from "../system/durable.ts";
import { backoffMs, freeCrashes, maxStrikes } from "../task/retry.ts";
import { emptyTally, type Task } from "../task/task.ts";
import { wakeWaiter } from "./answers.ts";
import { afterCrash, attemptsDirectory, readAttempts, writeAttempts } from "./attempts.ts";
import { park, queuedIds } from "./defer.ts";
import { pathIn, recordPath } from "./known.ts";
import { notePath } from "./notes.ts";
import { finishPublishing } from "./published.ts";
import { type Queued, readQueued } from "./queued.ts";
import { sentDirectory } from "./sent.ts";
import { putAway, settle } from "./settle.ts";
import type { Post, SpoolWorld } from "./world.ts";

/** Returns the ids of active tasks to resume, oldest claim first. */
export async function recover(world: SpoolWorld, post: Post): Promise<string[]> {
  const { disk } = world;
  for (const directory of [attemptsDirectory(post.paths), sentDirectory(post.paths)]) {
    disk.makeDirectory(directory, 0o700);
  }
  removeTemporaries(world, post.paths.queue.active);
  removeTemporaries(world, post.paths.queue.held);
  // Answers that a kill kept from being put away durably, and that a held task has yet to read.
  if (disk.list(post.paths.queue.held).length > 0) syncDirectory(disk, post.paths.processed);
  for (const id of queuedIds(world, post, "held")) await recoverHeld(world, post, id);
  const resumable: Queued[] = [];
  const ids = queuedIds(world, post, "active");
  // A killed claim may have left a name that is not on disk yet; the claim that follows takes the original away.
  if (ids.length > 0) syncDirectory(disk, post.paths.queue.active);
  const woken = (id: string): void => void ids.push(id);
  // Grows meanwhile.
  for (const id of ids) {
    const queued = await recoverActive(world, post, id, woken);
    if (queued !== null) resumable.push(queued);
  }
  return resumable.sort(inOrder).map(({ task }) => task.id);
}

/** Answers first: a task that waited must not be at work while its answer is half taken. */
function inOrder(a: Queued, b: Queued): number {
  const answers = Number(b.task.request.replyTo !== null) - Number(a.task.request.replyTo !== null);
  return answers === 0 ? (a.claimedAt < b.claimedAt ? -1 : 1) : answers;
}

/** With the lock held, every temporary name in a private folder is a leftover. */
function removeTemporaries(world: SpoolWorld, directory: string): void {
  for (const name of world.disk.list(directory)) {
    if (!isTemporaryName(name)) continue;
    try {
      world.disk.unlink(join(directory, name));
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  }
}

async function recoverActive(
  world: SpoolWorld,
  post: Post,
  id: string,
  woken: (id: string) => void,
): Promise<Queued | null> {
  const queued = await readQueued(world.disk, pathIn(post.paths, "active", id), world.loadYaml);
  if (queued === "missing") return null;
  dropTwin(world, post, id);
  if (queued === "damaged") {
    moveDurably(world.disk, pathIn(post.paths, "active", id), pathIn(post.paths, "corrupt", id));
    world.log.error("a stored task is damaged; it lies in queue/corrupt", { id });
    return null;
  }
  if (finishSettled(world, post, queued.task, woken)) return null;
  return judge(world, post, queued) ? queued : null;
}

/**
 * A held task that has ended: its last move was made, a kill kept it from becoming durable, and a power cut took it
 * back. Nobody would look at it before its time is over.
 */
async function recoverHeld(world: SpoolWorld, post: Post, id: string): Promise<void> {
  if (!exists(world.disk, recordPath(post.paths, id))) return;
  const queued = await readQueued(world.disk, pathIn(post.paths, "held", id), world.loadYaml);
  const published = typeof queued === "string" ? null : finishPublishing(world, post, queued.task);
  if (published === null) return;
  putAway(world, post, id, published.status, { place: "held", attempts: published.attempts });
}

/** A crash amid a move leaves both names; a task that still waits is held again by its attempt. */
function dropTwin({ disk }: SpoolWorld, { paths }: Post, id: string): void {
  const twin = pathIn(paths, "held", id);
  if (!exists(disk, twin) && !exists(disk, notePath(paths, id))) return;
  // The name that stays may not be on disk yet, nor that the other one is gone.
  syncDirectory(disk, paths.queue.active);
  if (exists(disk, twin)) disk.unlink(twin);
  syncDirectory(disk, paths.queue.held);
}

/**
 * True when the active task was answered already; what remained of its settling is done now. `woken`
 * is told about a held task that is active again by it.
 */
export function finishSettled(
  world: SpoolWorld,
  post: Post,
  task: Task,
  woken: (id: string) => void,
): boolean {
  const published = finishPublishing(world, post, task);
  if (published === null) return false;
  const { status, attempts } = published;
  const waiter = wakeWaiter(world, post, task);
  if (waiter !== null) woken(waiter);
  const durable = task.request.replyTo !== null;
  putAway(world, post, task.id, status, { place: "active", attempts, durable });
  return true;
}

/** Counts the attempt that nobody ended; true when the task may be resumed now. */
function judge(world: SpoolWorld, post: Post, queued: Queued): boolean {
  const { task } = queued;
  const { disk } = world;
  const last = readAttempts(disk, post.paths, task.id);
  const now = afterCrash(last, world.progress(task.id));
  if (now.strikes === last.strikes) return true;
  if (now.strikes >= maxStrikes) {
    const why = `${maxStrikes} attempts ended without a result`;
    const answer = `This task was given up: ${why}, because the runner stopped each time.`;
    const outcome = { kind: "failed", why, answer, tally: emptyTally } as const;
    const { attempts } = last;
    settle(world, post, task, outcome, { place: "active", attempts, startedAt: queued.claimedAt });
    world.log.error("gave up a task that stops the runner", { id: task.id, attempts });
    return false;
  }
  writeAttempts(disk, post.paths, task.id, now);
  if (now.strikes <= freeCrashes) return true;
  park(world, post, task.id, world.now() + (backoffMs[now.strikes - 1] ?? 0));
  return false;
}

/** False when a task that was to be resumed has left `active/` (cancelled meanwhile). */
export const isActive = (world: SpoolWorld, post: Post, id: string): boolean =>
  exists(world.disk, pathIn(post.paths, "active", id));
