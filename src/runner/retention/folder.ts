/**
 * A directory of the agent's, held open while its entries are looked at and removed. Reached name by name from the
 * agent's own directory, without following a link: the agent may have put one anywhere below it. Never: opens an
 * entry, or removes a directory.
 */
import type { BigIntStats } from "node:fs";
import { constants } from "node:fs";
import { type Disk, errnoOf } from "../../system/disk.ts";

export interface Folder {
  /** As the disk gives them. */
  readonly names: () => readonly string[];
  /** Of the entry itself; null when it is gone. */
  readonly find: (name: string) => BigIntStats | null;
  /** Removes the name. */
  readonly remove: (name: string) => void;
  /** Makes removals durable. */
  readonly sync: () => void;
}

/** linux/fcntl.h: opens nothing. The agent's own directory is root's, and lets the agent pass through, not look. */
const O_PATH = 0o10000000;
const passFlags = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const lookFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const step = (fd: number, name: string): string => `/proc/self/fd/${fd}/${name}`;

/** Null where there is no such directory, or something else in its place. `names`: single components, one at least. */
export function withFolder<T>(
  disk: Disk,
  base: string,
  names: readonly string[],
  act: (folder: Folder) => T,
): T | null {
  const fd = descend(disk, base, names);
  if (fd === null) return null;
  try {
    return act({
      names: () => disk.list(step(fd, "")),
      find: (name) => disk.find(step(fd, name)),
      remove: (name) => disk.unlink(step(fd, name)),
      sync: () => disk.sync(fd),
    });
  } finally {
    disk.close(fd);
  }
}

function descend(disk: Disk, base: string, names: readonly string[]): number | null {
  let held = openOrNull(disk, base, passFlags);
  for (const [at, name] of names.entries()) {
    if (held === null) return null;
    const flags = at === names.length - 1 ? lookFlags : passFlags;
    const next = openOrNull(disk, step(held, name), flags);
    disk.close(held);
    held = next;
  }
  return held;
}

function openOrNull(disk: Disk, path: string, flags: number): number | null {
  try {
    return disk.open(path, flags);
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(errnoOf(error) ?? "")) return null;
    throw error;
  }
}
