/**
 * Makes one path as its fact says. Acts on descriptors that it opened without following links, from `/`
 * down (walk.ts), so that an agent who may write on the way cannot lead root elsewhere.
 *
 * After a crash: a fact half made (say, a directory with root's owner), which the next run finishes, or
 * a temporary dot-name in a directory of ours. Files are not synced one by one: they can be made again
 * from /etc/con, and bootstrap runs at every boot; one syncfs(2) ends a run.
 */
import fs, { constants } from "node:fs";
import { errnoOf } from "../system/disk.ts";
import { temporaryFor } from "../system/durable.ts";
import type { AclLibrary } from "./acl.ts";
import { type Acl, fullAcl, type NamedEntry } from "./acl-entries.ts";
import type { DirectoryFact, FifoFact, FileFact, LinkFact, PathFact } from "./facts.ts";
import {
  directoryFlags,
  inWords,
  O_PATH,
  procPath,
  type Walk,
  withDescriptor,
  withWalk,
} from "./walk.ts";

/** Returns what went wrong, or null; never throws for what lies on the disk. */
export const makePath = (fact: PathFact, acls: AclLibrary): string | null =>
  withWalk("make", (walk) => makeWith(walk, fact, acls));

/** The same for many: the walk keeps the directories that neighbours share. */
export function makeWith({ entry }: Walk, fact: PathFact, acls: AclLibrary): string | null {
  try {
    const path = entry(fact.path);
    if (fact.kind === "directory") makeDirectory(path, fact, acls);
    else if (fact.kind === "file") makeFile(path, fact);
    else if (fact.kind === "link") makeLink(path, fact);
    else setFifo(path, fact, acls);
    return null;
  } catch (error) {
    if (errnoOf(error) === null) throw error;
    return inWords(error as Error, fact.path);
  }
}

function makeDirectory(path: string, fact: DirectoryFact, acls: AclLibrary): void {
  try {
    fs.mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
  withDescriptor(path, directoryFlags, (fd) => {
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

function makeFile(path: string, fact: FileFact): void {
  replace(path, (temporary) => {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    withDescriptor(temporary, flags, (fd) => {
      fs.writeFileSync(fd, fact.content);
      fs.fchownSync(fd, fact.uid, fact.gid);
      fs.fchmodSync(fd, fact.mode);
    });
  });
}

function makeLink(path: string, fact: LinkFact): void {
  replace(path, (temporary) => fs.symlinkSync(fact.target, temporary));
  // A missing target is a failure of the installation, and must not look like success.
  fs.statSync(path);
}

function setFifo(path: string, fact: FifoFact, acls: AclLibrary): void {
  withDescriptor(path, O_PATH | constants.O_NOFOLLOW, (fd) => {
    if (!fs.fstatSync(fd).isFIFO())
      throw Object.assign(new Error(`${fact.path} is no FIFO`), { code: "EINVAL" });
    acls.set(procPath(fd), "access", fullAcl(fact.mode, fact.named as NamedEntry[]));
  });
}

/** Makes something under a temporary name and renames it, so that readers see old or new. */
function replace(path: string, make: (temporary: string) => void): void {
  const temporary = temporaryFor(path);
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
