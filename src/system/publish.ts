/**
 * Several files of one directory that appear together: all bytes are durable before the first name
 * is, the names come in the given order, one directory sync ends it.
 *
 * After a crash: nothing; or the first names final and the others waiting whole under `.NAME.new`,
 * where `rollForward` finishes them; or all. The waiting names are fixed, so a second try reuses
 * them; only one process may publish a given name.
 */
import { constants } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Disk } from "./disk.ts";
import { exists, syncDirectory, writeAll } from "./durable.ts";

export interface Publication {
  readonly path: string;
  readonly bytes: Uint8Array;
}

const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;

const waiting = (path: string): string => join(dirname(path), `.${basename(path)}.new`);

/** Writes and reveals `files`, all in `directory`; replaces what has those names. */
export function publishTogether(
  disk: Disk,
  directory: string,
  files: readonly Publication[],
  mode: number,
): void {
  for (const file of files) writeWaiting(disk, waiting(file.path), file.bytes, mode);
  for (const file of files) disk.rename(waiting(file.path), file.path);
  syncDirectory(disk, directory);
}

function writeWaiting(disk: Disk, path: string, bytes: Uint8Array, mode: number): void {
  const fd = disk.open(path, flags, mode);
  try {
    disk.setMode(fd, mode);
    writeAll(disk, fd, bytes);
    disk.sync(fd);
  } finally {
    disk.close(fd);
  }
}

/**
 * After a crash: when the first of `paths` is already revealed, reveals the rest. When it is not,
 * removes what waits, because nobody has seen it.
 */
export function rollForward(disk: Disk, directory: string, paths: readonly string[]): void {
  const [first, ...rest] = paths;
  if (first === undefined) return;
  const revealed = exists(disk, first);
  const waits = paths.filter((path) => exists(disk, waiting(path)));
  for (const path of waits) {
    if (revealed && rest.includes(path)) disk.rename(waiting(path), path);
    else disk.unlink(waiting(path));
  }
  // What is revealed may not be on disk yet.
  if (waits.length > 0 || revealed) syncDirectory(disk, directory);
}
