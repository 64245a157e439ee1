/**
 * Takes what can never run out of the way: kept, reported once, and no longer a `*.task`, so that it
 * neither wakes the unit again nor stands before the next task.
 *
 * Readable files are copied to `queue/corrupt` and their names removed; everything else (links,
 * FIFOs, directories, devices, files too large or unreadable) is renamed in place to a dot-name,
 * which the owner of a directory may do whoever owns the entry. Never: deletes the only copy.
 */
import { join } from "node:path";
import { errnoOf } from "../system/disk.ts";
import { exists, syncDirectory } from "../system/durable.ts";
import type { FileFacts } from "../task/id.ts";
import { emptyTally, type Task } from "../task/task.ts";
import { unlinkSame } from "./entry.ts";
import { pathIn, recordPath } from "./known.ts";
import { storeQueued } from "./queued.ts";
import { type Candidate, openNameFor } from "./scan.ts";
import { publish } from "./settle.ts";
import type { Post, SpoolWorld } from "./world.ts";

/** For what was read: a copy in `corrupt/`, then the report, then the name goes. */
export function keepCorrupt(
  world: SpoolWorld,
  post: Post,
  candidate: Candidate,
  task: Task,
  why: string,
  entry: { readonly bytes: Uint8Array; readonly facts: FileFacts },
): void {
  storeQueued(world, pathIn(post.paths, "corrupt", task.id), task, entry.bytes);
  report(world, post, task, why);
  unlinkSame(world.disk, candidate.path, entry.facts);
}

/** For what cannot be read: the report first, because its id is known as long as it is untouched. */
export function setAside(
  world: SpoolWorld,
  post: Post,
  candidate: Candidate,
  task: Task,
  why: string,
): void {
  report(world, post, task, why);
  renameInPlace(world, candidate, `.corrupt-${task.id}`);
}

/** For a file that is kept open for writing: out of the way, and looked at by every later scan. */
export function setOpenAside(world: SpoolWorld, candidate: Candidate, inode: bigint): void {
  renameInPlace(world, candidate, openNameFor(candidate.base, inode));
  world.log.warn("a task is still being written; it waits aside", { file: candidate.base });
}

function report(world: SpoolWorld, post: Post, task: Task, why: string): void {
  if (exists(world.disk, recordPath(post.paths, task.id))) return;
  const outcome = {
    kind: "failed",
    why,
    answer: `This task was not run: ${why}.`,
    tally: emptyTally,
  } as const;
  publish(world, post, task, outcome, { attempts: 0, startedAt: stamp(world) });
  world.log.warn("a task cannot run", { id: task.id, uid: task.from.uid, why });
}

function renameInPlace(world: SpoolWorld, candidate: Candidate, name: string): void {
  try {
    world.disk.rename(candidate.path, join(candidate.inbox, name));
    syncDirectory(world.disk, candidate.inbox);
  } catch (error) {
    // Its owner was faster and removed or renamed it.
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

const stamp = (world: SpoolWorld): string => new Date(world.now()).toISOString();
