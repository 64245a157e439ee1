/** The files of one chain: `NAME.jsonl`, and `NAME-SEQ.jsonl` for each time that it grew too large. */
import { constants } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Disk, errnoOf, listed } from "../disk.ts";
import { exists } from "../durable.ts";

const ending = ".jsonl";

/** The name that a chain file gets which ends with line `seq`. */
export const rotatedPath = (path: string, seq: number): string =>
  `${path.slice(0, -ending.length)}-${seq}${ending}`;

/** Files of the chain at `path` that exist, the oldest first. */
export function chainFiles(disk: Disk, path: string): string[] {
  const rotated = rotatedFiles(disk, path);
  return exists(disk, path) ? [...rotated, path] : rotated;
}

export function rotatedFiles(disk: Disk, path: string): string[] {
  if (!path.endsWith(ending)) throw new TypeError(`a chain's file ends in ${ending}`);
  const prefix = `${basename(path, ending)}-`;
  return listed(disk, dirname(path))
    .flatMap((name): [number, string][] => {
      if (!name.startsWith(prefix) || !name.endsWith(ending)) return [];
      const number = name.slice(prefix.length, -ending.length);
      return /^[1-9]\d{0,15}$/.test(number) ? [[Number(number), name]] : [];
    })
    .sort(([a], [b]) => a - b)
    .map(([, name]) => join(dirname(path), name));
}

/** Null where there is none. */
export function openFile(disk: Disk, path: string): number | null {
  try {
    return disk.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** Runs `use` on the open file; null where there is none. */
export function withFile<T>(disk: Disk, path: string, use: (fd: number) => T): T | null {
  const fd = openFile(disk, path);
  if (fd === null) return null;
  try {
    return use(fd);
  } finally {
    disk.close(fd);
  }
}
