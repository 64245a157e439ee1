/**
 * Former versions of files, and deleted ones, in the archive of the agent: out of reach of its commands, which do not see
 * it, and of all tools but those here.
 *
 * A version is in the archive, whole and on disk, before the file changes; a crash between leaves both. On a full disk
 * the file stays as it is. Bounded in size, in count of a file, and in all: the oldest go. Never: follows a link; keeps
 * an inode that has a name elsewhere.
 */
import fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf } from "../../system/disk.ts";
import { began, copied, type Making, notePath } from "./archive-copy.ts";
import { type ArchiveWorld, inVersions, listIn, needArchive, prune } from "./archive-folder.ts";
import { directoryWithin, readWithin } from "./open.ts";
import { Denied, type Reach, writable } from "./reach.ts";
import { measureTree } from "./tree.ts";
import { nameOf, type Version, type VersionKind } from "./versions.ts";
import { orDenied } from "./walk.ts";

/** Keeps what `path` is before it is written over. What to tell about it, "" = nothing. */
export function keepFormer(world: ArchiveWorld, path: string): string {
  const { archive: policy } = world.files;
  if (policy === undefined) return "";
  try {
    return readWithin(writable(world.files), path, (fd, { size }) => {
      if (size > policy.versionBytes)
        return `; its former version has ${size} bytes and was too large to be kept`;
      const made = copied({ world, policy, path, kind: "written" }, fd);
      if (made !== null) prune(policy, made.id);
      return "";
    });
  } catch (error) {
    return unkept(error, path);
  }
}

/** A file that is not there has no former version; any other trouble is for whoever writes it. */
function unkept(error: unknown, path: string): string {
  if (!(error instanceof Denied)) throw error;
  const code = errnoOf(error.cause);
  if (code === "ENOENT") return "";
  // Of the file, not of the archive.
  if (code === "EACCES" && error.refusal?.path === path)
    return "; its former version may not be read, so it was not kept";
  throw error;
}

/** Takes the copy that the data program made of a database into the archive. */
export function takeAway(
  world: ArchiveWorld,
  { from, as, kind }: { readonly from: string; readonly as: string; readonly kind: VersionKind },
): Version {
  const policy = needArchive(world.files);
  return moved({ world, policy, path: as, kind }, writable(world.files), from);
}

/** Moves a file, or a directory with all below, into the archive. */
export function archiveAway(world: ArchiveWorld, path: string): Version {
  const policy = needArchive(world.files);
  const reach = writable(world.files);
  if (reach.roots.includes(path)) throw new Denied(`${path} is a folder of its own: it stays`);
  return moved({ world, policy, path, kind: "deleted" }, reach, path);
}

function moved(making: Making, reach: Reach, from: string): Version {
  const { policy } = making;
  return directoryWithin(reach, dirname(from), (directory, through) => {
    const source = join(through, basename(from));
    const stat = orDenied(reach, from, () => fs.lstatSync(source));
    const version = { ...began(making, stat), ...movable(source, from, stat) };
    if (version.bytes > policy.totalBytes)
      throw new Denied(
        `${from} has ${version.bytes} bytes, and the archive keeps ${policy.totalBytes}: use shell to remove it for good`,
      );
    notePath(making);
    const made = inVersions(policy, (archive, fd) => {
      const kept = into(archive, { source, version, reach, from, making });
      fs.fsyncSync(fd);
      return kept;
    });
    fs.fsyncSync(directory);
    prune(policy, made.id);
    return made;
  });
}

/** What it is to be kept as. */
function movable(source: string, from: string, stat: fs.Stats): Partial<Version> {
  if (stat.isSymbolicLink())
    throw new Denied(`${from} is a symbolic link: remove it with shell, or name what it points to`);
  if (stat.isDirectory()) return { kind: "directory", bytes: measureTree(source, from) };
  if (!stat.isFile()) throw new Denied(`${from} is not a regular file`);
  return {};
}

interface Going {
  readonly source: string;
  readonly version: Version;
  readonly reach: Reach;
  readonly from: string;
  readonly making: Making;
}

/** By its name, or, from another file system and where it has further names, as a copy. */
function into(archive: string, { source, version, reach, from, making }: Going): Version {
  const hasOtherNames =
    version.kind !== "directory" && orDenied(reach, from, () => fs.lstatSync(source)).nlink > 1;
  if (!hasOtherNames) {
    try {
      fs.renameSync(source, join(archive, nameOf(version)));
      return version;
    } catch (error) {
      if (errnoOf(error) !== "EXDEV") return orDenied(reach, from, () => rethrow(error));
    }
  }
  if (version.kind === "directory")
    throw new Denied(`${from} is a directory on another file system: delete the files in it`);
  return readWithin(reach, from, (fd, opened) => {
    const made = copied(making, fd) ?? newest(archive, version.key);
    const now = fs.lstatSync(source);
    if (now.ino !== opened.ino || now.dev !== opened.dev)
      throw new Denied(`${from} was changed meanwhile`);
    orDenied(reach, from, () => fs.unlinkSync(source));
    return made ?? version;
  });
}

const newest = (archive: string, wanted: string): Version | null =>
  listIn(archive)
    .filter(({ key }) => key === wanted)
    .sort((a, b) => (a.id < b.id ? 1 : -1))[0] ?? null;

function rethrow(error: unknown): never {
  throw error;
}
