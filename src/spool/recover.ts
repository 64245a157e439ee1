/**
 * Puts right what a crash left. Legal leftovers: our own temporary names; original and copy of one
 * task (the claim drops the original); an active task with an answer; an active task without one.
 *
 * Call it with the lock held, before anything else. It settles nothing twice and runs nothing: what
 * must run again is returned.
 */
import { join } from "node:path";
import { errnoOf } from "../system/disk.ts";
import { exists, moveDurably, readFile } from "../system/durable.ts";
import { rollForward } from "../system/publish.ts";
import { backoffMs, freeCrashes, maxStrikes } from "../task/retry.ts";
import { emptyTally, type Task } from "../task/task.ts";
import { afterCrash, attemptsDirectory, readAttempts, writeAttempts } from "./attempts.ts";
import { park, queuedIds } from "./defer.ts";
import { pathIn, recordPath, responsePath } from "./known.ts";
import { type Queued, readQueued } from "./queued.ts";
import { sendAnswer } from "./reply.ts";
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
  const resumable: Queued[] = [];
  for (const id of queuedIds(world, post, "active")) {
    const queued = await recoverActive(world, post, id);
    if (queued !== null) resumable.push(queued);
  }
  return resumable.sort((a, b) => (a.claimedAt < b.claimedAt ? -1 : 1)).map(({ task }) => task.id);
}

/** With the lock held, every temporary name in a private folder is a leftover. */
function removeTemporaries(world: SpoolWorld, directory: string): void {
  for (const name of world.disk.list(directory)) {
    if (!/^\..*\.tmp-[0-9a-f]{16}$/s.test(name)) continue;
    try {
      world.disk.unlink(join(directory, name));
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  }
}

async function recoverActive(world: SpoolWorld, post: Post, id: string): Promise<Queued | null> {
  const queued = await readQueued(world.disk, pathIn(post.paths, "active", id), world.loadYaml);
  if (queued === "missing") return null;
  if (queued === "damaged") {
    moveDurably(world.disk, pathIn(post.paths, "active", id), pathIn(post.paths, "corrupt", id));
    world.log.error("a stored task is damaged; it lies in queue/corrupt", { id });
    return null;
  }
  if (finishSettled(world, post, queued.task)) return null;
  return judge(world, post, queued) ? queued : null;
}

/** True when the active task was answered already; what remained of its settling is done now. */
export function finishSettled(world: SpoolWorld, post: Post, task: Task): boolean {
  const { disk } = world;
  const { paths } = post;
  const record = recordPath(paths, task.id);
  const response = responsePath(paths, task.id);
  rollForward(disk, paths.outbox, [response, record]);
  const bytes = readFile(disk, record, 1 << 20);
  if (bytes === null) return false;
  const { status, attempts, finishedAt } = readRecord(bytes);
  const answer = readFile(disk, response, 1 << 30);
  if (answer !== null) {
    const text = Buffer.from(answer).toString("utf8").replace(/\n$/, "");
    sendAnswer(world, post, task, text, finishedAt);
  }
  putAway(world, post, task.id, status, { place: "active", attempts });
  return true;
}

function readRecord(bytes: Uint8Array) {
  const value = JSON.parse(Buffer.from(bytes).toString("utf8")) as {
    readonly status: "done" | "failed" | "cancelled";
    readonly attempts: number;
    readonly finished_at: string;
  };
  return { status: value.status, attempts: value.attempts, finishedAt: value.finished_at };
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
