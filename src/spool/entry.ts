/**
 * One entry of an inbox, looked at with suspicion: what it is, and its bytes when it is a plain file.
 *
 * Everything is asked of the open descriptor, never of the name again. Never: follows a link, waits
 * for a FIFO or a device, or reads a file that somebody still writes without an end marker.
 */
import { constants } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Disk, errnoOf } from "../system/disk.ts";
import { readAll } from "../system/durable.ts";
import { markedLength, maxTaskBytes } from "../task/codec.ts";
import type { FileFacts } from "../task/id.ts";
import { quietMs } from "../task/retry.ts";
import type { SpoolWorld } from "./world.ts";

export type Entry =
  /** Read, and still held open, so that its inode number cannot be given to another file. */
  | (Read & { readonly kind: "whole"; readonly release: () => void })
  /** Some process has it open for writing, or it changed a moment ago. */
  | { readonly kind: "growing"; readonly facts: FileFacts }
  /** Not readable (yet): `install` and `cp -p` set the final mode last. */
  | { readonly kind: "closed"; readonly facts: FileFacts }
  | { readonly kind: "odd"; readonly facts: FileFacts; readonly why: string }
  | { readonly kind: "gone" };

/** What a claim works with. */
export interface Read {
  readonly bytes: Uint8Array;
  readonly facts: FileFacts & { readonly mtimeNs: bigint };
  /** The bytes end with our end marker. */
  readonly marked: boolean;
}

type Looked = Exclude<Entry, { kind: "whole" }> | (Read & { readonly kind: "whole" });

type Stat = ReturnType<Disk["stat"]>;

const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Looks at `path`, which may be anything at all. */
export async function readEntry(world: SpoolWorld, path: string): Promise<Entry> {
  const { disk } = world;
  const seen = disk.find(path);
  if (seen === null) return { kind: "gone" };
  // Devices are not even opened: opening can have effects.
  if (!seen.isFile()) return { kind: "odd", facts: seen, why: `it is ${kindOf(seen)}` };
  const fd = openOrErrno(disk, path);
  if (fd === "ENOENT") return { kind: "gone" };
  if (fd === "EACCES" || fd === "EPERM") return { kind: "closed", facts: seen };
  if (typeof fd === "string")
    return { kind: "odd", facts: seen, why: `it cannot be opened (${fd})` };
  let held = false;
  try {
    const looked = await readOpen(world, path, fd);
    if (looked.kind !== "whole") return looked;
    held = true;
    return { ...looked, release: () => disk.close(fd) };
  } finally {
    if (!held) disk.close(fd);
  }
}

async function readOpen(world: SpoolWorld, path: string, fd: number): Promise<Looked> {
  const { disk } = world;
  const stat = disk.stat(fd);
  if (!stat.isFile()) return { kind: "odd", facts: stat, why: `it is ${kindOf(stat)}` };
  if (isHardLink(disk, path, fd, stat)) {
    return { kind: "odd", facts: stat, why: "it is a hard link to another file" };
  }
  const bytes = readAll(disk, fd, maxTaskBytes);
  if (bytes === null) {
    return { kind: "odd", facts: stat, why: `it is larger than ${maxTaskBytes} bytes` };
  }
  if (markedLength(bytes) !== null) return { kind: "whole", bytes, facts: stat, marked: true };
  return readSettled(world, fd, stat);
}

/** A file without our end marker: whole when nobody can still write to it. */
async function readSettled(world: SpoolWorld, fd: number, before: Stat): Promise<Looked> {
  const { disk } = world;
  const lease = await world.lease();
  const taken = lease?.take(fd) ?? "unavailable";
  if (taken === "writer") return { kind: "growing", facts: before };
  try {
    const bytes = readAll(disk, fd, maxTaskBytes);
    const after = disk.stat(fd);
    const changing = taken === "unavailable" && !isQuiet(before, after, world.now());
    if (changing) return { kind: "growing", facts: after };
    if (bytes === null)
      return { kind: "odd", facts: after, why: `it is larger than ${maxTaskBytes} bytes` };
    return { kind: "whole", bytes, facts: after, marked: false };
  } finally {
    if (taken === "held") lease?.release(fd);
  }
}

/** Without leases, no change for a while is the best sign there is. */
function isQuiet(before: Stat, after: Stat, now: number): boolean {
  const same = before.size === after.size && before.mtimeNs === after.mtimeNs;
  return same && now - Number(after.mtimeNs / 1_000_000n) >= quietMs;
}

/** `deliver` leaves a second name for a moment, or for long when its sender died: that one is ours. */
function isHardLink(disk: Disk, path: string, fd: number, stat: Stat): boolean {
  if (stat.nlink <= 1n) return false;
  const directory = dirname(path);
  const prefix = `.${basename(path)}.tmp-`;
  const twin = disk
    .list(directory)
    .filter((name) => name.startsWith(prefix))
    .some((name) => disk.find(join(directory, name))?.ino === stat.ino);
  // Asked again: the sender may have removed the second name before it was looked for.
  return disk.stat(fd).nlink > (twin ? 2n : 1n);
}

function kindOf(stat: Stat): string {
  if (stat.isSymbolicLink()) return "a symbolic link";
  if (stat.isDirectory()) return "a directory";
  if (stat.isFIFO()) return "a FIFO";
  if (stat.isSocket()) return "a socket";
  return "a device";
}

function openOrErrno(disk: Disk, path: string): number | string {
  try {
    return disk.open(path, flags);
  } catch (error) {
    const code = errnoOf(error);
    const fates = ["ENOENT", "EACCES", "EPERM", "ELOOP", "ENXIO", "ENODEV", "EISDIR"];
    if (code !== null && fates.includes(code)) return code;
    throw error;
  }
}

/** Removes the name only while it still is the file that was read and is held open. */
export function unlinkSame(disk: Disk, path: string, facts: FileFacts): void {
  const now = disk.find(path);
  if (now === null || now.ino !== facts.ino || now.dev !== facts.dev) return;
  try {
    disk.unlink(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}
