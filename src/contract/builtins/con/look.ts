/**
 * Looks into directories that belong to agents: by descriptors, without following a link, without opening
 * anything but regular files with one name, and never more than asked for.
 *
 * What is not as it should be (a link in place of a directory, a directory that is missing) is a value.
 */
import fs, { constants } from "node:fs";
import { directoryFlags, procPath, withDescriptor, withWalk } from "../../../host/walk.ts";
import { errnoOf } from "../../../system/disk.ts";

/** Names of one directory as the kernel has them. */
export interface Entry {
  /** For people; not necessarily the name, which need not be UTF-8. */
  readonly text: string;
  readonly bytes: Buffer;
}

/** As it was when the directory was read. */
export interface Listed extends Entry {
  readonly isDirectory: boolean;
}

export interface Look {
  /** Of the directory itself. */
  readonly stat: fs.BigIntStats;
  /** At most `limit` entries; `more` when there are others. */
  readonly entries: (limit: number) => { readonly list: readonly Listed[]; readonly more: boolean };
  /** Null when it is gone. */
  readonly lstat: (entry: Entry) => fs.BigIntStats | null;
  /** At most `most` bytes from the start; null unless it is a regular file with one name. */
  readonly read: (entry: Entry, most: number) => Buffer | null;
  /** A descriptor's path of a subdirectory, for `act` only; null when it is no directory (any more). */
  readonly into: <T>(entry: Entry, act: (look: Look) => T) => T | null;
}

export type Looked<T> =
  | { readonly kind: "seen"; readonly value: T }
  | { readonly kind: "missing" }
  | { readonly kind: "odd"; readonly why: string };

/** Runs `act` on the directory `path`. */
export function lookInto<T>(path: string, act: (look: Look) => T): Looked<T> {
  try {
    const value = withWalk("refuse", ({ entry }) =>
      withDescriptor(entry(path), directoryFlags, (fd) => act(lookOf(fd))),
    );
    return { kind: "seen", value };
  } catch (error) {
    const code = errnoOf(error);
    if (code === null) throw error;
    if (code === "ENOENT") return { kind: "missing" };
    if (code === "ELOOP" || code === "ENOTDIR") return { kind: "odd", why: "is no directory" };
    return { kind: "odd", why: `cannot be looked at (${code})` };
  }
}

const mostNames = 10_000;

/** Names in a directory of the machine's, sorted; none where there is no such directory. */
export function namesIn(directory: string): string[] {
  const looked = lookInto(directory, (look) => look.entries(mostNames).list);
  return looked.kind === "seen" ? looked.value.map(({ text }) => text).sort() : [];
}

function lookOf(fd: number): Look {
  const base = Buffer.from(`${procPath(fd)}/`);
  const pathOf = ({ bytes }: Entry): Buffer => Buffer.concat([base, bytes]);
  return {
    stat: fs.fstatSync(fd, { bigint: true }),
    entries: (limit) => entriesOf(procPath(fd), limit),
    lstat: (entry) => gone(() => fs.lstatSync(pathOf(entry), { bigint: true })),
    read: (entry, most) => gone(() => readPlain(pathOf(entry), most)),
    into: (entry, act) => {
      const child = gone(() => fs.openSync(pathOf(entry), directoryFlags));
      if (child === null) return null;
      try {
        return act(lookOf(child));
      } finally {
        fs.closeSync(child);
      }
    },
  };
}

/** latin1 keeps each byte of a name, whatever it is in UTF-8. */
function entriesOf(path: string, limit: number): ReturnType<Look["entries"]> {
  const directory = fs.opendirSync(path, { encoding: "latin1", bufferSize: 1024 });
  const list: Listed[] = [];
  try {
    for (let next = directory.readSync(); next !== null; next = directory.readSync()) {
      if (list.length === limit) return { list, more: true };
      const bytes = Buffer.from(next.name, "latin1");
      list.push({ text: bytes.toString("utf8"), bytes, isDirectory: next.isDirectory() });
    }
    return { list, more: false };
  } finally {
    directory.closeSync();
  }
}

const readFlags =
  constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** The start of a regular file with one name, else null. Throws where it cannot be opened. */
export function readPlain(path: Buffer | string, most: number): Buffer | null {
  // Devices are not even opened: opening can have effects.
  if (!fs.lstatSync(path).isFile()) return null;
  const fd = fs.openSync(path, readFlags);
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile() || stat.nlink !== 1) return null;
    const buffer = Buffer.alloc(Math.min(stat.size, most));
    const length = fs.readSync(fd, buffer, 0, buffer.length, 0);
    return buffer.subarray(0, length);
  } finally {
    fs.closeSync(fd);
  }
}

/** Agents may remove or exchange an entry while root looks. */
function gone<T>(act: () => T): T | null {
  try {
    return act();
  } catch (error) {
    if (["ENOENT", "ELOOP", "ENOTDIR", "ENXIO"].includes(errnoOf(error) ?? "")) return null;
    throw error;
  }
}

export const milliseconds = (ns: bigint): number => Number(ns / 1_000_000n);
