/**
 * Finds the directory around a path, component by component from `/`, so that nobody who may write on the
 * way can lead root elsewhere. Each directory is held by a descriptor while the next one is opened in
 * it; callers act on `/proc/self/fd/N/NAME` and open that with O_NOFOLLOW.
 *
 * Never: follows a symbolic link, except one of root's that lies and leads through directories where
 * only root may write (`/srv` on another disk). Leaves behind at most directories that it made.
 */
import fs, { constants } from "node:fs";
import { join, resolve } from "node:path";
import { errnoOf } from "../system/disk.ts";

/** linux/fcntl.h: a descriptor of the path itself, which opens nothing. */
export const O_PATH = 0o10000000;
/** To read or change a directory itself. */
export const directoryFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const stepFlags = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Links of root that lead to links of root. */
const maxLinks = 8;

export interface Walk {
  /** `path` as an entry of its held directory. Good until the next call. */
  readonly entry: (path: string) => string;
}

interface Held {
  readonly name: string;
  readonly fd: number;
}

/** Neighbours share the directories held, so sorted paths cost little. */
export function withWalk<T>(missing: "make" | "refuse", act: (walk: Walk) => T): T {
  const held: Held[] = [{ name: "/", fd: fs.openSync("/", stepFlags) }];
  const entry = (path: string): string => {
    const names = componentsOf(path);
    const last = names.pop();
    if (last === undefined) throw blocked("EINVAL", `${path} has no directory around it`);
    let same = 0;
    while (same < names.length && held[same + 1]?.name === names[same]) same += 1;
    release(held, same + 1);
    for (const name of names.slice(same))
      held.push({ name, fd: step(held, name, missing === "make", maxLinks) });
    return `${procPath(top(held))}/${last}`;
  };
  try {
    return act({ entry });
  } finally {
    release(held, 0);
  }
}

function componentsOf(path: string): string[] {
  const names = path.split("/").slice(1);
  if (!path.startsWith("/") || names.includes("") || names.includes(".") || names.includes(".."))
    throw blocked("EINVAL", `${path} is no plain absolute path`);
  return names;
}

function release(held: Held[], keep: number): void {
  for (const { fd } of held.splice(keep)) fs.closeSync(fd);
}

const logicalPath = (held: readonly Held[], name: string): string =>
  join(...held.map((one) => one.name), name);

const top = (held: readonly Held[]): number => held.at(-1)?.fd ?? -1;

/** Opens `name` in the directory held last. */
function step(held: readonly Held[], name: string, make: boolean, links: number): number {
  const path = `${procPath(top(held))}/${name}`;
  try {
    return fs.openSync(path, stepFlags);
  } catch (error) {
    const logical = logicalPath(held, name);
    const code = errnoOf(error);
    if (code === "ENOTDIR" || code === "ELOOP") return throughLink(held, name, logical, links);
    if (code === null) throw error;
    if (code !== "ENOENT" || !make) throw blocked(code, logical);
  }
  makeParent(path, logicalPath(held, name));
  return step(held, name, false, links);
}

/** Parents that are no facts: /etc/sysusers.d, drop-in folders. Root's, open to read. */
function makeParent(path: string, logical: string): void {
  try {
    fs.mkdirSync(path, { mode: 0o755 });
  } catch (error) {
    const code = errnoOf(error);
    if (code === null) throw error;
    if (code !== "EEXIST") throw blocked(code, logical);
  }
}

function throughLink(held: readonly Held[], name: string, logical: string, links: number): number {
  const path = `${procPath(top(held))}/${name}`;
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isSymbolicLink())
    throw blocked("ENOTDIR", `${logical} is no directory`);
  if (stat?.uid !== 0 || links === 0 || !held.every(({ fd }) => onlyRootWrites(fd)))
    throw blocked("ELOOP", `${logical} is a symbolic link, which is not followed`);
  return followed(resolve(fs.readlinkSync(procPath(top(held))), fs.readlinkSync(path)), links - 1);
}

/** The mask of an ACL is seen in the group bits, so these two say all. */
function onlyRootWrites(fd: number): boolean {
  const { uid, mode } = fs.fstatSync(fd);
  return uid === 0 && (mode & 0o022) === 0;
}

function followed(target: string, links: number): number {
  const held: Held[] = [{ name: "/", fd: fs.openSync("/", stepFlags) }];
  try {
    for (const name of componentsOf(target)) {
      if (!onlyRootWrites(top(held)))
        throw blocked("ELOOP", `a link to ${target} leads through a directory of others`);
      held.push({ name, fd: step(held, name, false, links) });
    }
    return held.pop()?.fd ?? -1;
  } finally {
    release(held, 0);
  }
}

/** Like the errors of node:fs, but with the path that people know. */
const blocked = (code: string, why: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${code}: ${why}`), { code });

export function withDescriptor<T>(path: string | Buffer, flags: number, act: (fd: number) => T): T {
  const fd = fs.openSync(path, flags, 0o600);
  try {
    return act(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** The file behind a descriptor, whatever its name is by now. */
export const procPath = (fd: number): string => `/proc/self/fd/${fd}`;

/** What went wrong, with the path that people know in place of a descriptor's. */
export const inWords = (error: Error, path: string): string =>
  error.message.replace(/\/proc\/self\/fd\/[^']*/g, path);
