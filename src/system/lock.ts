/**
 * Locks between processes: flock(2) on a file of its own.
 *
 * flock(1) locks our own open file description, which we passed as its descriptor 3, and ends; the lock
 * lives as long as that description does, so SIGKILL frees it too. Never: waits longer than it is told, or leaves
 * a stale lock behind.
 */
import { spawn } from "node:child_process";
import { constants } from "node:fs";
import type { Disk } from "./disk.ts";
import { ConError, exit } from "./errors.ts";

export interface Lock {
  readonly release: () => void;
}

const busy = 75;

/** Null when another process holds it, and still does after `waitSeconds`. */
export async function takeLock(disk: Disk, path: string, waitSeconds = 0): Promise<Lock | null> {
  const fd = disk.open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  return locked(disk, path, fd, patience(waitSeconds));
}

/**
 * Only keeps others from taking it: for those who look while nothing may change. The file must be there; it may lie
 * where nothing can be written.
 */
export async function shareLock(disk: Disk, path: string, waitSeconds = 0): Promise<Lock | null> {
  const fd = disk.open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  return locked(disk, path, fd, ["-s", ...patience(waitSeconds)]);
}

const patience = (seconds: number): string[] => (seconds === 0 ? ["-n"] : ["-w", String(seconds)]);

async function locked(
  disk: Disk,
  path: string,
  fd: number,
  how: readonly string[],
): Promise<Lock | null> {
  const code = await flock(fd, how);
  if (code === 0) return { release: () => disk.close(fd) };
  disk.close(fd);
  if (code === busy) return null;
  const why = code === null ? "flock is missing or was killed" : `flock ended with ${code}`;
  throw new ConError(exit.unavailable, `cannot lock ${path}`, why, "install util-linux");
}

function flock(fd: number, how: readonly string[]): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn("flock", [...how, "-E", String(busy), "3"], {
      stdio: ["ignore", "ignore", "ignore", fd],
    });
    child.on("error", () => resolve(null));
    child.on("exit", resolve);
  });
}
