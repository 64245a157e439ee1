/**
 * Reads the small regular files right inside one directory, where others may put anything: links, pipes, files
 * without an end, and so many that some have to be left out.
 *
 * Race-safe through the held directory. Never: follows a link, waits at a FIFO, looks below, reads without a bound.
 */
import fs, { constants } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../system/disk.ts";
import { directoryWithin } from "./open.ts";
import type { Reach } from "./reach.ts";

export interface SmallFile {
  readonly name: string;
  /** Of the file that was read, by the kernel. */
  readonly uid: number;
  readonly mode: number;
  readonly mtimeMs: number;
  readonly bytes: Buffer;
}

export interface SmallFiles {
  readonly files: readonly SmallFile[];
  /** Those that are no plain small file, or that this user may not read. */
  readonly skipped: number;
  /** There are more than were looked at. */
  readonly more: boolean;
}

export interface Bounds {
  readonly files: number;
  /** Of one file. */
  readonly bytes: number;
  /** Entries of the directory. */
  readonly entries: number;
}

const readFlags =
  constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** What becomes of names that others may change at any time. Anything else is the disk. */
const passable: ReadonlySet<string> = new Set([
  ...["ENOENT", "ELOOP", "EACCES", "EPERM", "ENXIO", "ENOTDIR", "EISDIR", "ESTALE"],
]);

/** Of the files in `directory` whose names end with `suffix`; names that begin with a dot are nobody's. */
export const smallFilesWithin = (
  reach: Reach,
  directory: string,
  { suffix, bounds }: { readonly suffix: string; readonly bounds: Bounds },
): SmallFiles =>
  directoryWithin(reach, directory, (_, through) => {
    const { names, more } = namesIn(through, bounds.entries);
    const found = names
      .filter((name) => name.endsWith(suffix) && !name.startsWith("."))
      .map((name) => ({ name, uid: ownerOf(join(through, name)) }));
    const plain = found.flatMap(({ name, uid }) => (uid === null ? [] : [{ name, uid }]));
    const taken = fairly(plain, bounds.files);
    const files = taken.flatMap(({ name }) => readSmall(through, name, bounds.bytes) ?? []);
    return {
      files,
      skipped: found.length - plain.length + (taken.length - files.length),
      more: more || taken.length < plain.length,
    };
  });

function namesIn(through: string, most: number): { names: string[]; more: boolean } {
  const names: string[] = [];
  const entries = fs.opendirSync(through);
  try {
    for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
      if (names.length >= most) return { names: names.sort(), more: true };
      names.push(entry.name);
    }
    return { names: names.sort(), more: false };
  } finally {
    entries.closeSync();
  }
}

/** Null for what is no regular file. */
const ownerOf = (path: string): number | null =>
  unlessPassable(() => {
    const stat = fs.lstatSync(path);
    return stat.isFile() ? stat.uid : null;
  });

/** At most `most`, one of each owner in turn: whoever floods the directory hides only what is their own. */
export function fairly<T extends { readonly uid: number }>(all: readonly T[], most: number): T[] {
  if (all.length <= most) return [...all];
  const turns = new Map<number, number>();
  const ranked = all.map((one) => {
    const turn = turns.get(one.uid) ?? 0;
    turns.set(one.uid, turn + 1);
    return { one, turn };
  });
  return ranked
    .sort((a, b) => a.turn - b.turn)
    .slice(0, most)
    .map(({ one }) => one);
}

function readSmall(through: string, name: string, most: number): SmallFile | null {
  const fd = unlessPassable(() => fs.openSync(join(through, name), readFlags));
  if (fd === null) return null;
  try {
    const stat = fs.fstatSync(fd);
    // One with a second name may be at home, and change, somewhere else.
    if (!stat.isFile() || stat.nlink !== 1 || stat.size > most) return null;
    const bytes = readAtMost(fd, most);
    return bytes === null ? null : { ...{ name, bytes }, ...ofStat(stat) };
  } finally {
    fs.closeSync(fd);
  }
}

const ofStat = ({ uid, mode, mtimeMs }: fs.Stats) => ({ uid, mode, mtimeMs });

/** Null when it has grown beyond `most` meanwhile. */
function readAtMost(fd: number, most: number): Buffer | null {
  const room = Buffer.alloc(most + 1);
  let size = 0;
  while (size < room.length) {
    const count = fs.readSync(fd, room, size, room.length - size, null);
    if (count === 0) return Buffer.from(room.subarray(0, size));
    size += count;
  }
  return null;
}

function unlessPassable<T>(act: () => T): T | null {
  try {
    return act();
  } catch (error) {
    if (!passable.has(errnoOf(error) ?? "")) throw error;
    return null;
  }
}
