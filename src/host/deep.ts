/**
 * Gives what already lies below a shared directory the entries that new files inherit.
 *
 * Walks by descriptors (`/proc/self/fd/N/name`, O_NOFOLLOW), because agents may rename things below while
 * root walks. Never: leaves the tree, follows a link, or changes an owner. A file with several names may be
 * at home elsewhere: it gets no entry here, and loses those that nobody is to have here. Directories that are
 * facts of their own are skipped: they have their own entries.
 */
import fs, { constants } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../system/disk.ts";
import type { AclLibrary } from "./acl.ts";
import { type Acl, type AclEntry, type NamedEntry, sameAcl, sortAcl } from "./acl-entries.ts";
import type { DirectoryFact } from "./facts.ts";
import { directoryFlags, O_PATH, procPath, withDescriptor, withWalk } from "./walk.ts";

/** Deeper trees are reported: they are no work of a tool, and each level holds a descriptor. */
const maxDepth = 64;

/** So ends what is said of a tree that is too deep: whoever made it keeps nobody else from anything. */
const tooDeep = `is deeper than ${maxDepth} levels`;
export const isTooDeep = (complaint: string): boolean => complaint.endsWith(tooDeep);

/** Returns what could not be done, in words. */
export function spread(
  fact: DirectoryFact,
  managed: ReadonlySet<string>,
  acls: AclLibrary,
): string[] {
  const complaints: string[] = [];
  const named = fact.inherit?.named ?? [];
  const visit = (path: string, logical: string, depth: number): void => {
    if (depth > maxDepth) {
      complaints.push(`${logical} ${tooDeep}`);
      return;
    }
    withDescriptor(path, directoryFlags, (fd) => {
      if (depth > 0) grantDirectory(fd, named, acls);
      for (const entry of fs.readdirSync(procPath(fd), { withFileTypes: true })) {
        const child = join(procPath(fd), entry.name);
        const childLogical = join(logical, entry.name);
        if (managed.has(childLogical)) continue;
        attempt(childLogical, complaints, () => {
          if (entry.isDirectory()) visit(child, childLogical, depth + 1);
          else if (entry.isFile()) grantFile(child, named, acls);
        });
      }
    });
  };
  const start = (): void =>
    withWalk("refuse", ({ entry }) => visit(entry(fact.path), fact.path, 0));
  attempt(fact.path, complaints, start, ["ENOENT"]);
  return complaints;
}

/** What vanished or turned into a link meanwhile is no longer ours to care for. */
function attempt(
  path: string,
  complaints: string[],
  act: () => void,
  fine: readonly string[] = ["ENOENT", "ELOOP", "ENOTDIR"],
): void {
  try {
    act();
  } catch (error) {
    const code = errnoOf(error);
    if (code === null) throw error;
    if (!fine.includes(code)) complaints.push(`${path}: ${code}`);
  }
}

function grantDirectory(fd: number, named: readonly NamedEntry[], acls: AclLibrary): void {
  for (const kind of ["access", "default"] as const) {
    const now = acls.get(procPath(fd), kind);
    const base = now.length === 0 ? acls.get(procPath(fd), "access") : now;
    const wanted = withNamed(base, named, true);
    if (!sameAcl(now, wanted)) acls.set(procPath(fd), kind, wanted);
  }
}

function grantFile(path: string, named: readonly NamedEntry[], acls: AclLibrary): void {
  withDescriptor(path, O_PATH | constants.O_NOFOLLOW, (fd) => {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) return;
    const now = acls.get(procPath(fd), "access");
    const isOurs = stat.nlink === 1;
    const wanted = isOurs ? withNamed(now, named, (stat.mode & 0o100) !== 0) : without(now, named);
    if (!sameAcl(now, wanted)) acls.set(procPath(fd), "access", wanted);
  });
}

/** Takes away the entries of users who are not among `named`, and gives nothing. */
const without = (now: Acl, named: readonly NamedEntry[]): Acl =>
  now.filter(
    ({ tag, id }) => tag !== "user" || named.some((one) => one.tag === tag && one.id === id),
  );

/** Keeps what owner, owning group and others may; replaces every named entry. */
function withNamed(now: Acl, named: readonly NamedEntry[], search: boolean): Acl {
  const keep = now.filter(({ tag }) => tag !== "user" && tag !== "group" && tag !== "mask");
  if (named.length === 0) return sortAcl(keep);
  const entries = named.map((entry) => (search ? entry : { ...entry, perms: entry.perms & 6 }));
  const group = keep.find(({ tag }) => tag === "group-owner")?.perms ?? 0;
  const mask: AclEntry = {
    tag: "mask",
    id: null,
    perms: entries.reduce((all, { perms }) => all | perms, group),
  };
  return sortAcl([...keep, ...entries, mask]);
}
