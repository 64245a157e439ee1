/**
 * The one durable door to the disk. When a function here returns, what it did survives a power cut.
 *
 * After a crash inside one: at worst a temporary dot-name (`.NAME.tmp-HEX`), or for `move` the
 * entry in one of the two places; never half a file under its final name. An entry is durable only
 * once its directory was synced (fsync(2), NOTES); so each function syncs the directory last.
 */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Disk, errnoOf } from "./disk.ts";

const createFlags =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Makes entries of `directory` durable: creations, renames and removals. */
export function syncDirectory(disk: Disk, directory: string): void {
  const fd = disk.open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    disk.sync(fd);
  } finally {
    disk.close(fd);
  }
}

/** Writes all of `bytes`; the kernel may take them in parts (write(2)). */
export function writeAll(disk: Disk, fd: number, bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.length) offset += disk.write(fd, bytes, offset);
}

/** Creates `path` with `bytes` and syncs them. The entry itself is not durable yet. */
function writeTemporary(disk: Disk, path: string, bytes: Uint8Array, mode: number): void {
  const fd = disk.open(path, createFlags, mode);
  try {
    // Whoever shall read it does not depend on the writer's umask.
    disk.setMode(fd, mode);
    writeAll(disk, fd, bytes);
    disk.sync(fd);
  } catch (error) {
    removeQuietly(disk, path);
    throw error;
  } finally {
    disk.close(fd);
  }
}

/** Clean-up on the way out of another error, which is the one worth reporting. */
function removeQuietly(disk: Disk, path: string): void {
  try {
    disk.unlink(path);
  } catch (error) {
    if (errnoOf(error) === null) throw error;
  }
}

/** A name beside `path` for what is not whole yet. */
export const temporaryFor = (path: string): string =>
  join(dirname(path), `.${basename(path)}.tmp-${randomBytes(8).toString("hex")}`);

/** Whether `name` is what a crash can have left of `temporaryFor`. */
export const isTemporaryName = (name: string): boolean => /^\..*\.tmp-[0-9a-f]{16}$/s.test(name);

/** Creates `path` whole, or reports that the name is taken; never overwrites. */
export function createDurably(
  disk: Disk,
  path: string,
  bytes: Uint8Array,
  mode: number,
): "created" | "exists" {
  const temporary = temporaryFor(path);
  writeTemporary(disk, temporary, bytes, mode);
  try {
    disk.link(temporary, path);
    syncDirectory(disk, dirname(path));
    return "created";
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return "exists";
    throw error;
  } finally {
    removeQuietly(disk, temporary);
  }
}

/** Replaces or creates `path` atomically: readers see the old bytes or the new ones. */
export function replaceDurably(disk: Disk, path: string, bytes: Uint8Array, mode: number): void {
  const temporary = temporaryFor(path);
  writeTemporary(disk, temporary, bytes, mode);
  try {
    disk.rename(temporary, path);
  } catch (error) {
    removeQuietly(disk, temporary);
    throw error;
  }
  syncDirectory(disk, dirname(path));
}

/** Renames within one file system; overwrites nothing the caller did not mean to. */
export function moveDurably(disk: Disk, from: string, to: string): void {
  disk.rename(from, to);
  syncDirectory(disk, dirname(to));
  if (dirname(from) !== dirname(to)) syncDirectory(disk, dirname(from));
}

/**
 * Removes an entry; a missing one is fine, the wish is already true. Synced all the same: whoever removed it may have
 * died before its end was durable.
 */
export function removeDurably(disk: Disk, path: string): void {
  try {
    disk.unlink(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
  try {
    syncDirectory(disk, dirname(path));
  } catch (error) {
    // With its directory.
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

/** All bytes of an open file from its start, or null when there are more than `maxBytes`. */
export function readAll(disk: Disk, fd: number, maxBytes: number): Uint8Array | null {
  const size = Number(disk.stat(fd).size);
  if (size > maxBytes) return null;
  // One byte more than the file has, so that growth since fstat(2) is noticed.
  let buffer = Buffer.allocUnsafe(size + 1);
  for (let length = 0; ; ) {
    const got = disk.read(fd, buffer, length, length);
    length += got;
    if (got === 0) return buffer.subarray(0, length);
    if (length > maxBytes) return null;
    if (length === buffer.length) buffer = Buffer.concat([buffer, Buffer.alloc(length)]);
  }
}

/** A file's bytes, or null where there is none. Never follows a link at its last component. */
export function readFile(disk: Disk, path: string, maxBytes: number): Uint8Array | null {
  if (!exists(disk, path)) return null;
  let fd: number;
  try {
    fd = disk.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
  try {
    return readAll(disk, fd, maxBytes);
  } finally {
    disk.close(fd);
  }
}

/** True when something of that name exists, whatever it is. */
export const exists = (disk: Disk, path: string): boolean => disk.find(path) !== null;
