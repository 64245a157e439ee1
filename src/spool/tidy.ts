/**
 * Removes what a crash left: dot-names of senders that died, notes of tasks that ended. Run at the end of a session, so
 * that no task waits for it. What age alone makes worthless is upkeep's (runner/retention).
 */
import { join } from "node:path";
import { errnoOf } from "../system/disk.ts";
import { isTemporaryName } from "../system/durable.ts";
import { temporaryMaxAgeMs } from "../task/retry.ts";
import { placeOf } from "./known.ts";
import { forgetNote, notedIds } from "./notes.ts";
import { forgetQuestion } from "./question.ts";
import type { Post, SpoolWorld } from "./world.ts";

/** Only files of our own naming, only old ones. */
export function tidy(world: SpoolWorld, post: Post): void {
  for (const inbox of post.inboxes) {
    sweep(world, inbox, temporaryMaxAgeMs, isTemporaryName);
  }
  for (const id of notedIds(world.disk, post.paths)) {
    const place = placeOf(world.disk, post.paths, id);
    const mayWait = place === "held" || place === "active" || place === "deferred";
    if (mayWait) continue;
    forgetQuestion(world.disk, post.paths, id);
    forgetNote(world.disk, post.paths, id);
  }
}

function sweep(
  world: SpoolWorld,
  directory: string,
  maxAgeMs: number,
  ours: (name: string) => boolean,
): void {
  for (const name of world.disk.list(directory).filter(ours)) {
    const path = join(directory, name);
    const stat = world.disk.find(path);
    if (stat === null || stat.isDirectory()) continue;
    if (world.now() - Number(stat.mtimeNs / 1_000_000n) < maxAgeMs) continue;
    try {
      world.disk.unlink(path);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  }
}
