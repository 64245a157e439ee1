/** One program at a time makes the machine equal to facts: bootstrap or the steward. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Disk } from "../system/disk.ts";
import { ConError, exit } from "../system/errors.ts";
import { shareLock, takeLock } from "../system/lock.ts";
import { applyLock } from "./paths.ts";

/** A boot with a thousand agents takes a minute and a half. */
const patienceSeconds = 120;
/** Whoever only looks has less time: contracts have deadlines. */
const lookSeconds = 10;

/** While nobody changes anything; null where somebody still does after a while, or nobody ever did. */
export async function whileStill<T>(
  disk: Disk,
  look: () => Promise<T>,
  path: string = applyLock,
): Promise<T | null> {
  if (disk.find(path) === null) return null;
  const lock = await shareLock(disk, path, lookSeconds);
  if (lock === null) return null;
  try {
    return await look();
  } finally {
    lock.release();
  }
}

/** Throws `ConError` 75 when another one is still at work after that. */
export async function withApplyLock<T>(
  disk: Disk,
  act: () => Promise<T>,
  path: string = applyLock,
): Promise<T> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const lock = await takeLock(disk, path, patienceSeconds);
  if (lock === null) {
    const why = `another con bootstrap or the steward has been at work for ${patienceSeconds} s`;
    throw new ConError(exit.tryLater, path, why, "wait for it, or see systemctl status 'con-*'");
  }
  try {
    return await act();
  } finally {
    lock.release();
  }
}
