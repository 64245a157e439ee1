/**
 * Opens files for the file tools, which run outside the sandbox: race-safe against whatever the
 * agent's own tool children do to the paths meanwhile.
 *
 * A path is first opened with O_PATH, which touches nothing; the kernel then says which file that
 * descriptor really is (/proc/self/fd/N), and only a regular file or directory below a permitted
 * root is opened for real, through the same descriptor. Never: checks a path and then uses it by
 * name; blocks on a FIFO; opens a device; changes anything for a denied call.
 */
import fs, { constants } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { isWithin } from "../../sandbox/bwrap.ts";
import type { FilePolicy } from "../tool.ts";

/** open(2); Node has no name for it. Same value on x86-64 and arm64. */
const O_PATH = 0o10000000;

/** What a tool says instead of doing it. Every other error is a bug or the disk. */
export class Denied extends Error {
  override readonly name = "Denied";
}

/** Directories that a call may use, and those that it may not although one above is permitted. */
export interface Reach {
  readonly roots: readonly string[];
  readonly denied: readonly string[];
}

export const readable = ({ readable: roots, denied }: FilePolicy): Reach => ({ roots, denied });
export const writable = ({ writable: roots, denied }: FilePolicy): Reach => ({ roots, denied });

/** Pure: the longest directory that contains `path` decides; a tie is denied. */
export function permits(reach: Reach, path: string): boolean {
  const longest = (directories: readonly string[]) =>
    Math.max(-1, ...directories.filter((d) => isWithin(d, path)).map((d) => d.length));
  return longest(reach.roots) > longest(reach.denied);
}

/** Relative paths start in the workspace. */
export function absolute(workspace: string, path: string): string {
  if (path.includes("\0")) throw new Denied("a path cannot contain a NUL character");
  return resolve(workspace, path);
}

const byDescriptor = (fd: number): string => `/proc/self/fd/${fd}`;

/** The name of the open file as the kernel knows it now. */
const realPath = (fd: number): string => fs.readlinkSync(byDescriptor(fd));

function requireWithin(fd: number, reach: Reach, path: string): void {
  const real = realPath(fd);
  if (permits(reach, real)) return;
  const shown = real === path ? path : `${path} (really ${real})`;
  throw new Denied(`${shown} is outside what you may use here: ${reach.roots.join(", ")}`);
}

/** Opens, lets `use` work, closes. Errors about the path itself become `Denied`. */
function withDescriptor<T>(path: string, open: () => number, use: (fd: number) => T): T {
  const fd = orDenied(path, open);
  try {
    return use(fd);
  } finally {
    fs.closeSync(fd);
  }
}

const pathTroubles: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "has a part that is not a directory",
  EACCES: "is not permitted to this agent",
  EPERM: "is not permitted to this agent",
  ELOOP: "is a symbolic link, or leads in a circle",
  ENAMETOOLONG: "is too long",
  ENXIO: "is not a regular file",
  EISDIR: "is a directory",
  EROFS: "is on a read-only file system",
  ENOSPC: "cannot be written: the disk is full",
  EDQUOT: "cannot be written: the quota is used up",
};

export function orDenied<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const why = pathTroubles[(error as NodeJS.ErrnoException).code ?? ""];
    if (why === undefined) throw error;
    throw new Denied(`${path} ${why}`, { cause: error });
  }
}

/** Calls `use` with a readable descriptor of the regular file at `path`. */
export function readWithin<T>(
  reach: Reach,
  path: string,
  use: (fd: number, stat: fs.Stats) => T,
): T {
  return withDescriptor(
    path,
    () => fs.openSync(path, O_PATH),
    (found) => {
      requireWithin(found, reach, path);
      const stat = fs.fstatSync(found);
      if (stat.isDirectory()) throw new Denied(`${path} is a directory: use list_files`);
      if (!stat.isFile()) throw new Denied(`${path} is not a regular file`);
      return withDescriptor(
        path,
        () => fs.openSync(byDescriptor(found), constants.O_RDONLY | constants.O_NONBLOCK),
        (fd) => use(fd, stat),
      );
    },
  );
}

/** Calls `use` with a directory through which entries can be named: `/proc/self/fd/N`. */
export function directoryWithin<T>(
  reach: Reach,
  path: string,
  use: (fd: number, through: string) => T,
): T {
  return withDescriptor(
    path,
    () => fs.openSync(path, constants.O_RDONLY | constants.O_DIRECTORY),
    (fd) => {
      requireWithin(fd, reach, path);
      return use(fd, byDescriptor(fd));
    },
  );
}

/** As `directoryWithin`, but creates what is missing, each step inside the checked one before. */
export function madeDirectoryWithin<T>(
  reach: Reach,
  path: string,
  use: (fd: number, through: string) => T,
): T {
  if (fs.existsSync(path) || path === "/") return directoryWithin(reach, path, use);
  return madeDirectoryWithin(reach, dirname(path), (_, through) => {
    const inside = join(through, basename(path));
    orDenied(path, () => makeUnlessThere(inside));
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
    return withDescriptor(
      path,
      () => fs.openSync(inside, flags),
      (fd) => use(fd, byDescriptor(fd)),
    );
  });
}

function makeUnlessThere(path: string): void {
  try {
    fs.mkdirSync(path, 0o755);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
