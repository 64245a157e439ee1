/**
 * Brings a version back. What stands in its place is kept first, so a restore can be undone. A crash leaves the old
 * file or the restored one. Never: follows a link; loses what is there.
 */
import fs from "node:fs";
import { basename, join } from "node:path";
import { archiveAway, keepFormer } from "./archive.ts";
import { type ArchiveWorld, needArchive, withVersion } from "./archive-folder.ts";
import { madeDirectoryFor, readWithin } from "./open.ts";
import { below, Denied, writable } from "./reach.ts";
import { storeCopyWithin } from "./store.ts";
import type { Version } from "./versions.ts";
import { orDenied } from "./walk.ts";

export function restore(world: ArchiveWorld, version: Version, to: string): void {
  if (version.kind === "directory") restoreDirectory(world, version, to);
  else restoreFile(world, version, to);
}

/** Opened first: keeping what is there may push this very version out. */
function restoreFile(world: ArchiveWorld, version: Version, to: string): void {
  const archive = below(needArchive(world.files).directory);
  withVersion(world, version, (_, __, path) =>
    readWithin(archive, path, (fd) => {
      const note = keepFormer(world, to);
      if (note !== "") throw new Denied(`${to} is there and too large to be kept: set to`);
      if (version.kind === "database") setCompanionsAside(world, to);
      storeCopyWithin(writable(world.files), to, fd, version.mode);
    }),
  );
}

/** SQLite would play a log of the present database into the old one. */
function setCompanionsAside(world: ArchiveWorld, to: string): void {
  for (const suffix of ["-wal", "-journal", "-shm"])
    if (isThere(world, `${to}${suffix}`)) archiveAway(world, `${to}${suffix}`);
}

const isThere = ({ files }: ArchiveWorld, path: string): boolean =>
  madeDirectoryFor(
    writable(files),
    path,
    (_, through) =>
      fs.lstatSync(join(through, basename(path)), { throwIfNoEntry: false }) !== undefined,
  );

function restoreDirectory(world: ArchiveWorld, version: Version, to: string): void {
  if (isThere(world, to)) throw new Denied(`${to} is there: set to, to restore it elsewhere`);
  const reach = writable(world.files);
  madeDirectoryFor(reach, to, (directory, through) =>
    withVersion(world, version, (source, archive) => {
      orDenied(reach, to, () => fs.renameSync(source, join(through, basename(to))));
      fs.fsyncSync(directory);
      fs.fsyncSync(archive);
    }),
  );
}
