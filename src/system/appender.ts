/**
 * A file that only grows: when `append` returns, what it wrote survives a power cut.
 *
 * After a crash: at worst a part of the latest append at the end. Whoever reads must be able to tell.
 */
import { constants } from "node:fs";
import { dirname } from "node:path";
import { type Disk, errnoOf } from "./disk.ts";
import { syncDirectory, writeAll } from "./durable.ts";

export interface Appender {
  readonly append: (bytes: Uint8Array) => void;
  /** Survives the end of this process; a power cut only after the next `sync` or `append`. */
  readonly write: (bytes: Uint8Array) => void;
  readonly sync: () => void;
  readonly close: () => void;
}

const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW;

/** Opens or creates `path`. */
export function openAppender(disk: Disk, path: string, mode: number): Appender {
  const fd = openOrCreate(disk, path, mode);
  return {
    append(bytes) {
      writeAll(disk, fd, bytes);
      disk.sync(fd);
    },
    write: (bytes) => writeAll(disk, fd, bytes),
    sync: () => disk.sync(fd),
    close: () => disk.close(fd),
  };
}

function openOrCreate(disk: Disk, path: string, mode: number): number {
  const fd = openIfThere(disk, path) ?? disk.open(path, flags | creating, mode);
  try {
    // Also where a process that made it died before its name was durable: then it is still empty.
    if (disk.stat(fd).size === 0n) syncDirectory(disk, dirname(path));
    return fd;
  } catch (error) {
    disk.close(fd);
    throw error;
  }
}

const creating = constants.O_CREAT | constants.O_EXCL;

function openIfThere(disk: Disk, path: string): number | null {
  try {
    return disk.open(path, flags);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    return null;
  }
}
