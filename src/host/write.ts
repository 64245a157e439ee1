/**
 * Makes one path as its fact says. Acts on descriptors that it opened without following links, so that an
 * agent who owns the directory around cannot lead root elsewhere.
 *
 * After a crash: a fact half made (say, a directory with root's owner), which the next run finishes, or
 * a temporary dot-name in a directory of ours. Files are not synced one by one: they can be made again
 * from /etc/con, and bootstrap runs at every boot; one syncfs(2) ends a run.
 */
import { randomBytes } from "node:crypto";
import fs, { constants } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf } from "../system/disk.ts";
import type { AclLibrary } from "./acl.ts";
import { type Acl, fullAcl, type NamedEntry } from "./acl-entries.ts";
import type { DirectoryFact, FifoFact, FileFact, LinkFact, PathFact } from "./facts.ts";

/** linux/fcntl.h: a descriptor of the path itself, which opens nothing. */
const O_PATH = 0o10000000;

/** Returns what went wrong, or null; never throws for what lies on the disk. */
export function makePath(fact: PathFact, acls: AclLibrary): string | null {
  try {
    if (fact.kind === "directory") makeDirectory(fact, acls);
    else if (fact.kind === "file") makeFile(fact);
    else if (fact.kind === "link") makeLink(fact);
    else setFifo(fact, acls);
    return null;
  } catch (error) {
    if (errnoOf(error) === null) throw error;
    return (error as Error).message;
  }
}

function makeDirectory(fact: DirectoryFact, acls: AclLibrary): void {
  ensureParent(fact.path);
  try {
    fs.mkdirSync(fact.path, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  withDescriptor(fact.path, flags, (fd) => {
    const stat = fs.fstatSync(fd);
    if (stat.uid !== fact.uid || stat.gid !== fact.gid) fs.fchownSync(fd, fact.uid, fact.gid);
    const access = fullAcl(fact.mode, fact.named);
    // With named entries the group bits are the mask; setting both in this order leaves no gap.
    fs.fchmodSync(fd, (fact.mode & 0o7707) | (maskOf(access, fact.mode) << 3));
    acls.set(procPath(fd), "access", access);
    const { inherit } = fact;
    acls.set(procPath(fd), "default", inherit === null ? [] : fullAcl(inherit.mode, inherit.named));
  });
}

const maskOf = (acl: Acl, mode: number): number =>
  acl.find(({ tag }) => tag === "mask")?.perms ?? (mode >> 3) & 7;

function makeFile(fact: FileFact): void {
  replace(fact.path, (temporary) => {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    withDescriptor(temporary, flags, (fd) => {
      fs.writeFileSync(fd, fact.content);
      fs.fchownSync(fd, fact.uid, fact.gid);
      fs.fchmodSync(fd, fact.mode);
    });
  });
}

function makeLink(fact: LinkFact): void {
  replace(fact.path, (temporary) => fs.symlinkSync(fact.target, temporary));
  // A missing target is a failure of the installation, and must not look like success.
  fs.statSync(fact.path);
}

function setFifo(fact: FifoFact, acls: AclLibrary): void {
  withDescriptor(fact.path, O_PATH | constants.O_NOFOLLOW, (fd) => {
    if (!fs.fstatSync(fd).isFIFO())
      throw Object.assign(new Error(`${fact.path} is no FIFO`), { code: "EINVAL" });
    acls.set(procPath(fd), "access", fullAcl(fact.mode, fact.named as NamedEntry[]));
  });
}

/** Makes something under a temporary name and renames it, so that readers see old or new. */
function replace(path: string, make: (temporary: string) => void): void {
  ensureParent(path);
  const hex = randomBytes(8).toString("hex");
  const temporary = join(dirname(path), `.${basename(path)}.tmp-${hex}`);
  try {
    make(temporary);
    if (isDirectory(path)) fs.rmSync(path, { recursive: true });
    fs.renameSync(temporary, path);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

const isDirectory = (path: string): boolean =>
  fs.lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** Parents that are no facts: /etc/sysusers.d, drop-in folders. Root's, open to read. */
function ensureParent(path: string): void {
  fs.mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
}

export function withDescriptor<T>(path: string, flags: number, act: (fd: number) => T): T {
  const fd = fs.openSync(path, flags, 0o600);
  try {
    return act(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** The file behind a descriptor, whatever its name is by now. */
export const procPath = (fd: number): string => `/proc/self/fd/${fd}`;
