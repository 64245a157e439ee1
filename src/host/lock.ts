/** One program at a time makes the machine equal to facts: bootstrap or the steward. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Disk } from "../system/disk.ts";
import { ConError, exit } from "../system/errors.ts";
import { takeLock } from "../system/lock.ts";
import { applyLock } from "./paths.ts";

/** A boot with a thousand agents takes a minute and a half. */
const patienceSeconds = 120;

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
