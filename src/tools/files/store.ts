/**
 * Writes files for the file tools: whole or not at all, through a checked directory descriptor.
 *
 * A reader sees the old bytes or the new ones, and they survive a power cut. After a crash: at worst
 * a dot-name `.con-tmp-HEX` beside the file. Never: follows a link to the file, or writes into an
 * inode that has another name somewhere else.
 */
import { randomBytes } from "node:crypto";
import fs, { constants } from "node:fs";
import { basename, join } from "node:path";
import type { Sink } from "../../sandbox/output.ts";
import { copyBytes } from "./copy.ts";
import { madeDirectoryFor } from "./open.ts";
import { Denied, type Reach } from "./reach.ts";
import { fetchedMark } from "./strangers.ts";
import { orDenied } from "./walk.ts";

/** With the mark of what was fetched: what is edited stays that. */
const keptMode = 0o777 | fetchedMark;

const createFlags =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Creates or replaces the regular file `path`, and the directories above it. With `atMost` nobody may do more with it
 * than that, whatever was there; umask or access list decide how much less.
 */
export function storeWithin(
  reach: Reach,
  path: string,
  bytes: Uint8Array,
  options: StoreOptions = {},
): "created" | "replaced" {
  return madeDirectoryFor(reach, path, (directory, through) => {
    const target = join(through, basename(path));
    const mode = modeOf(reach, target, path);
    const temporary = join(through, `.con-tmp-${randomBytes(8).toString("hex")}`);
    const { given, most } = modesFor(mode, options);
    orDenied(reach, path, () => writeNew(temporary, bytes, given, most));
    orDenied(reach, path, () => renameOrRemove(temporary, target));
    fs.fsyncSync(directory);
    return mode === null ? "created" : "replaced";
  });
}

export interface StoreOptions {
  readonly atMost?: number;
  /** Marked as what strangers wrote (strangers.ts). */
  readonly fetched?: boolean;
}

interface Modes {
  /** Whatever the umask says; null where that decides. */
  readonly given: number | null;
  readonly most?: number;
}

function modesFor(former: number | null, { atMost, fetched = false }: StoreOptions): Modes {
  const mark = fetched ? fetchedMark : 0;
  if (atMost !== undefined) return { given: null, most: atMost | mark };
  return { given: former === null ? null : former | mark, most: 0o666 | mark };
}

/** As `storeWithin`, with the bytes of an open file and that mode. */
export function storeCopyWithin(reach: Reach, path: string, from: number, mode: number): void {
  madeDirectoryFor(reach, path, (directory, through) => {
    const target = join(through, basename(path));
    modeOf(reach, target, path);
    const temporary = join(through, `.con-tmp-${randomBytes(8).toString("hex")}`);
    orDenied(reach, path, () => copyBytes(from, temporary, { mode }));
    orDenied(reach, path, () => renameOrRemove(temporary, target));
    fs.fsyncSync(directory);
  });
}

/** Mode of the file that is there, or null; anything but a regular file is refused. */
function modeOf(reach: Reach, target: string, path: string): number | null {
  const stat = orDenied(reach, path, () => fs.lstatSync(target, { throwIfNoEntry: false }));
  if (stat === undefined) return null;
  if (stat.isSymbolicLink())
    throw new Denied(`${path} is a symbolic link: name the file that it points to`);
  if (stat.isDirectory()) throw new Denied(`${path} is a directory`);
  if (!stat.isFile()) throw new Denied(`${path} is not a regular file`);
  return stat.mode & keptMode;
}

/** `mode` is that of the file to be replaced, null for a new one, where the umask decides what is left of `most`. */
function writeNew(path: string, bytes: Uint8Array, mode: number | null, most = 0o666): void {
  const fd = fs.openSync(path, createFlags, mode ?? most);
  try {
    fs.writeFileSync(fd, bytes);
    if (mode !== null) fs.fchmodSync(fd, mode);
    fs.fsyncSync(fd);
  } catch (error) {
    fs.unlinkSync(path);
    throw error;
  } finally {
    fs.closeSync(fd);
  }
}

function renameOrRemove(from: string, to: string): void {
  try {
    fs.renameSync(from, to);
  } catch (error) {
    fs.unlinkSync(from);
    throw error;
  }
}

/** A new file that is written piece by piece, e.g. the output of a command while it runs. */
export function sinkWithin(reach: Reach, path: string): Sink {
  const fd = madeDirectoryFor(reach, path, (_, through) => {
    const target = join(through, basename(path));
    fs.rmSync(target, { force: true });
    return orDenied(reach, path, () => fs.openSync(target, createFlags, 0o600));
  });
  return {
    path,
    write: (bytes) => fs.writeFileSync(fd, bytes),
    close: () => fs.closeSync(fd),
  };
}
