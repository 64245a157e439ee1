/**
 * Tasks that are tried again later: `deferred/` with the retry time as mtime.
 *
 * Crash between counting and moving: the task is still active and released, so it is tried early and
 * nothing is counted twice.
 */
import { nextAttempt } from "../task/retry.ts";
import type { Task } from "../task/task.ts";
import { type Attempts, writeAttempts } from "./attempts.ts";
import { pathIn } from "./known.ts";
import { moveByLink } from "./move.ts";
import type { Post, SpoolWorld } from "./world.ts";

export type Deferral =
  | { readonly kind: "deferred"; readonly until: number }
  /** Patience is at its end; the caller settles the task as failed. */
  | { readonly kind: "exhausted"; readonly strikes: number };

/** Puts an active task back until its next attempt. `notBefore` is a time that the cause named. */
export function deferTask(
  world: SpoolWorld,
  post: Post,
  task: Task,
  attempts: Attempts,
  notBefore: number | null,
): Deferral {
  const next = nextAttempt(attempts.strikes, world.now(), notBefore, task.request.deadline);
  if (next.kind === "never") return { kind: "exhausted", strikes: next.strikes };
  const counted = { ...attempts, strikes: next.strikes, released: true };
  writeAttempts(world.disk, post.paths, task.id, counted);
  park(world, post, task.id, next.ms);
  world.told?.({ state: "deferred", task, until: next.ms });
  return { kind: "deferred", until: next.ms };
}

/** Moves an active task to `deferred/` until `untilMs`. */
export function park(world: SpoolWorld, post: Post, id: string, untilMs: number): void {
  const from = pathIn(post.paths, "active", id);
  world.disk.setTime(from, untilMs);
  moveByLink(world.disk, from, pathIn(post.paths, "deferred", id));
}

/** Ids whose time has come, earliest first. */
export function dueTasks(world: SpoolWorld, post: Post): string[] {
  const now = world.now();
  return queuedIds(world, post, "deferred")
    .map((id) => ({ id, at: retryTime(world, post, id) }))
    .filter(({ at }) => at <= now)
    .sort((a, b) => a.at - b.at)
    .map(({ id }) => id);
}

/** Ids of the task files in a private folder. */
export function queuedIds(
  world: SpoolWorld,
  post: Post,
  place: "active" | "deferred" | "held",
): string[] {
  return world.disk
    .list(post.paths.queue[place])
    .filter((name) => !name.startsWith(".") && name.endsWith(".task"))
    .map((name) => name.slice(0, -".task".length));
}

/**
 * The retry time that a deferred task carries as mtime, epoch milliseconds, whole as it was set: a time
 * in seconds, as a float, may come back some ns later.
 */
export const retryTimeOf = (stat: { readonly mtimeNs: bigint }): number =>
  Math.round(Number(stat.mtimeNs) / 1e6);

function retryTime(world: SpoolWorld, post: Post, id: string): number {
  const stat = world.disk.find(pathIn(post.paths, "deferred", id));
  return stat === null ? Number.POSITIVE_INFINITY : retryTimeOf(stat);
}

/** Makes a deferred task active again. */
export function bringBack(world: SpoolWorld, post: Post, id: string): void {
  moveByLink(world.disk, pathIn(post.paths, "deferred", id), pathIn(post.paths, "active", id));
}
