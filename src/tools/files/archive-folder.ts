/**
 * The folder of the archive: which versions lie in it, of which paths, and which have to go. Never: removes the newest
 * one for an older one.
 */
import fs from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../system/disk.ts";
import type { ArchivePolicy, FilePolicy } from "../policies.ts";
import { madeDirectoryFor, readWithin } from "./open.ts";
import { below, Denied } from "./reach.ts";
import { keyOf, nameOf, overBounds, readName, stampOf, type Version } from "./versions.ts";

export interface ArchiveWorld {
  readonly files: FilePolicy;
  readonly now: () => number;
}

const mostVersions = 5000;
const versionsIn = ({ directory }: ArchivePolicy): string => join(directory, "versions");
export const pathsIn = ({ directory }: ArchivePolicy): string => join(directory, "paths");

/** Where everything is kept, open: names are looked up through it. */
export function inVersions<T>(policy: ArchivePolicy, use: (through: string, fd: number) => T): T {
  const reach = below(policy.directory);
  return madeDirectoryFor(reach, join(versionsIn(policy), "x"), (fd, through) => use(through, fd));
}

export const listIn = (through: string): Version[] =>
  fs.readdirSync(through).flatMap((name) => readName(name) ?? []);

/** All of them, the newest first. */
export function versionsOf({ files }: Pick<ArchiveWorld, "files">, path: string | null): Version[] {
  const policy = needArchive(files);
  const key = path === null ? null : keyOf(path);
  return inVersions(policy, (through) =>
    listIn(through)
      .filter((version) => key === null || version.key === key)
      .sort((a, b) => (a.id < b.id ? 1 : -1)),
  );
}

export function needArchive({ archive }: Pick<FilePolicy, "archive">): ArchivePolicy {
  if (archive === undefined) throw new Denied("nothing is archived here");
  return archive;
}

/** The path that versions with this key are of; null where it is not known. */
export function pathOf({ files }: Pick<ArchiveWorld, "files">, key: string): string | null {
  const policy = needArchive(files);
  const path = join(pathsIn(policy), key);
  try {
    return readWithin(below(policy.directory), path, (fd) => fs.readFileSync(fd, "utf8"));
  } catch (error) {
    if (error instanceof Denied) return null;
    throw error;
  }
}

/** What belongs to nobody's root may refuse to go: then it stays, and the next oldest goes. */
const unremovable: ReadonlySet<string> = new Set(["EACCES", "EPERM", "ENOTEMPTY", "EBUSY"]);

export function prune(policy: ArchivePolicy, keep: string): void {
  inVersions(policy, (through) => {
    const all = listIn(through);
    const bounds = { ...policy, versions: mostVersions };
    const gone = overBounds(all, bounds, keep);
    for (const version of gone) removeVersion(through, version);
    forgetPaths(policy, through, gone);
  });
}

/** Those that were made before `moment`, the oldest first. */
export const olderThan = (all: readonly Version[], moment: number): Version[] => {
  const stamp = stampOf(moment);
  return all.filter(({ id }) => id < stamp).sort((a, b) => (a.id < b.id ? -1 : 1));
};

export interface Removed {
  readonly gone: readonly Version[];
  /** Could not be removed, and why the first of them. */
  readonly refused: number;
  readonly why: string | null;
}

/** Removes these until `isOver`. */
export function removeVersions(
  policy: ArchivePolicy,
  wanted: readonly Version[],
  isOver: () => boolean,
): Removed {
  return inVersions(policy, (through) => {
    const gone: Version[] = [];
    const refusals: string[] = [];
    for (const version of wanted) {
      if (isOver()) break;
      const refusal = removeVersion(through, version);
      if (refusal === null) gone.push(version);
      else refusals.push(refusal);
    }
    forgetPaths(policy, through, gone);
    return { gone, refused: refusals.length, why: refusals[0] ?? null };
  });
}

/** Of a path without versions nothing needs to be known. */
function forgetPaths(policy: ArchivePolicy, through: string, gone: readonly Version[]): void {
  if (gone.length === 0) return;
  const keys = new Set(listIn(through).map(({ key }) => key));
  for (const { key } of gone)
    if (!keys.has(key)) fs.rmSync(join(pathsIn(policy), key), { force: true });
}

/** Null when it is gone, else why it stays. */
function removeVersion(through: string, version: Version): string | null {
  try {
    fs.rmSync(join(through, nameOf(version)), { recursive: true, force: true });
    return null;
  } catch (error) {
    const code = errnoOf(error) ?? "";
    if (!unremovable.has(code)) throw error;
    return code;
  }
}

/** Calls `use` with a version: through the open archive, that itself, and by its path. */
export function withVersion<T>(
  { files }: Pick<ArchiveWorld, "files">,
  version: Version,
  use: (through: string, archive: number, path: string) => T,
): T {
  const policy = needArchive(files);
  const name = nameOf(version);
  return inVersions(policy, (through, fd) =>
    use(join(through, name), fd, join(versionsIn(policy), name)),
  );
}
