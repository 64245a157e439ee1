/**
 * Opens files for the file tools, which run outside the sandbox: only a regular file or directory that the
 * walk has found inside, and through its descriptor. Never: blocks on a FIFO; opens a device.
 */
import fs, { constants } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Denied, type Reach } from "./reach.ts";
import { type Asked, byDescriptor, requireWithin, walkWithin, withDescriptor } from "./walk.ts";

const directoryFlags = constants.O_RDONLY | constants.O_DIRECTORY;

/** The path of what `path` names, without a link in it; something is there. */
export const locateWithin = (reach: Reach, path: string): string =>
  walkWithin({ reach, path, target: path, missing: "refuse" }, ({ at }) => at);

/** Calls `use` with a readable descriptor of the regular file at `path`. */
export function readWithin<T>(
  reach: Reach,
  path: string,
  use: (fd: number, stat: fs.Stats) => T,
): T {
  return walkWithin({ reach, path, target: path, missing: "refuse" }, ({ fd: found }) => {
    const stat = fs.fstatSync(found);
    if (stat.isDirectory()) throw new Denied(`${path} is a directory: use list_files`);
    if (!stat.isFile()) throw new Denied(`${path} is not a regular file`);
    const flags = constants.O_RDONLY | constants.O_NONBLOCK;
    const open = () => fs.openSync(byDescriptor(found), flags);
    return withDescriptor(reach, path, open, (fd) => use(fd, stat));
  });
}

/** Calls `use` with a directory through which entries can be named: `/proc/self/fd/N`. */
export const directoryWithin = <T>(
  reach: Reach,
  path: string,
  use: (fd: number, through: string) => T,
): T => usingDirectory({ reach, path, target: path, missing: "refuse" }, use);

/**
 * As `directoryWithin`, for the directory around `file`. Creates what is missing, each step inside the
 * checked one before.
 */
export const madeDirectoryFor = <T>(
  reach: Reach,
  file: string,
  use: (fd: number, through: string) => T,
): T => usingDirectory({ reach, path: file, target: dirname(file), missing: "make" }, use);

const usingDirectory = <T>(asked: Asked, use: (fd: number, through: string) => T): T =>
  walkWithin(asked, ({ fd: found }) => {
    const open = () => fs.openSync(byDescriptor(found), directoryFlags);
    return withDescriptor(asked.reach, asked.path, open, (fd) => use(fd, byDescriptor(fd)));
  });

/** A directory right inside one that is held, and not by a link. `path` is its name for people. */
export function subdirectoryWithin<T>(
  reach: Reach,
  through: string,
  path: string,
  use: (fd: number, through: string) => T,
): T {
  const flags = directoryFlags | constants.O_NOFOLLOW;
  const open = () => fs.openSync(join(through, basename(path)), flags);
  return withDescriptor(reach, path, open, (fd) => {
    requireWithin(fd, { reach, path });
    return use(fd, byDescriptor(fd));
  });
}
