/**
 * The disk as the kernel offers it: one method per system call, nothing durable by itself.
 *
 * Everything that must survive a crash goes through `durable.ts`, which takes a `Disk`; tests pass
 * one that fails or stops after the n-th call. Never: follows a policy, retries, or hides an errno.
 */
import fs from "node:fs";

export interface Disk {
  /** `flags` are `fs.constants.O_*`. Throws `NodeJS.ErrnoException`, like every method here. */
  open(path: string, flags: number, mode?: number): number;
  close(fd: number): void;
  read(fd: number, into: Uint8Array, offset: number, position: number | null): number;
  write(fd: number, bytes: Uint8Array, offset: number): number;
  sync(fd: number): void;
  stat(fd: number): fs.BigIntStats;
  /** Sets the mode of an open file whatever the umask says. */
  setMode(fd: number, mode: number): void;
  /** Bytes where a name is not UTF-8. */
  lstat(path: string | Buffer): fs.BigIntStats;
  /** The same, but null for ENOENT: the common case must not cost an exception. */
  find(path: string): fs.BigIntStats | null;
  list(directory: string): string[];
  /** Names as the kernel has them: bytes, not necessarily UTF-8. */
  listBytes(directory: string): Buffer[];
  link(from: string, to: string): void;
  rename(from: string | Buffer, to: string): void;
  unlink(path: string): void;
  makeDirectory(path: string, mode: number): void;
  /** Sets access and modification time, epoch milliseconds. */
  setTime(path: string, epochMs: number): void;
}

export const nodeDisk: Disk = {
  open: (path, flags, mode) => fs.openSync(path, flags, mode),
  close: (fd) => fs.closeSync(fd),
  read: (fd, into, offset, position) =>
    fs.readSync(fd, into, offset, into.length - offset, position),
  write: (fd, bytes, offset) => fs.writeSync(fd, bytes, offset),
  sync: (fd) => fs.fsyncSync(fd),
  stat: (fd) => fs.fstatSync(fd, { bigint: true }),
  setMode: (fd, mode) => fs.fchmodSync(fd, mode),
  lstat: (path) => fs.lstatSync(path, { bigint: true }),
  find: (path) => fs.lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null,
  list: (directory) => fs.readdirSync(directory),
  listBytes: (directory) => fs.readdirSync(directory, { encoding: "buffer" }),
  link: (from, to) => fs.linkSync(from, to),
  rename: (from, to) => fs.renameSync(from, to),
  unlink: (path) => fs.unlinkSync(path),
  makeDirectory: (path, mode) => {
    fs.mkdirSync(path, { recursive: true, mode });
  },
  setTime: (path, epochMs) => fs.utimesSync(path, epochMs / 1000, epochMs / 1000),
};

/** The errno name of a thrown system error, or null when it is something else. */
export function errnoOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" ? code : null;
}

/** True for the faults of a full, read-only or failing disk: the work stays where it is. */
export function isDiskTrouble(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT", "EROFS", "EIO", "EMFILE", "ENFILE", "ENOMEM"].includes(
    errnoOf(error) ?? "",
  );
}

/** Names in `directory`, none where there is no such directory. Other errors are thrown. */
export function listed(disk: Pick<Disk, "list">, directory: string): string[] {
  try {
    return disk.list(directory);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}

/** The same, by Node itself. */
export function namesIn(directory: string, { recursive = false } = {}): string[] {
  try {
    return fs.readdirSync(directory, { recursive, encoding: "utf8" });
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}
