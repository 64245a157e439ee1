/**
 * Lays a layer down: what an installer made becomes /var/lib/con/layers/DIGEST, root's and read-only.
 *
 * The order: everything is written beside its place and is on the disk; it gets its name; then the record says that it
 * is there. After a crash there is the record with the whole layer, or none: what is left over has a name of its own
 * and goes with the next laying down. Never: writes through a link, changes a layer, or follows what an archive says
 * beyond the names and bytes of plain files.
 */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { dirname, join } from "node:path";
import { type Disk, errnoOf, listed } from "../../system/disk.ts";
import { removeDurably, replaceDurably, syncDirectory, writeAll } from "../../system/durable.ts";
import { type Digested, digestOf, type LayerFile } from "../../system/layers/digest.ts";
import {
  failureFile,
  type LayerName,
  layerKey,
  lockFile,
  partPrefix,
  recordFile,
} from "../../system/layers/names.ts";
import type { LayerRecord } from "../../system/layers/record.ts";
import { type ReadArchive, type Taken, takeArchive } from "./archive.ts";

export interface LayerWorld {
  readonly disk: Disk;
  readonly now: () => number;
  readonly directory: string;
  /** With all that is below. The directory is root's alone. */
  readonly removeTree: (path: string) => void;
  /** Durable, with all that is below. */
  readonly syncTree: (path: string) => Promise<void>;
  readonly digestAt: (path: string) => Digested;
}

export type Laid =
  | { readonly ok: true; readonly record: LayerRecord }
  | { readonly ok: false; readonly why: string };

/** What must be true of it before it gets its name. */
export interface Wanted extends LayerName {
  readonly integrity: string | null;
  /** Its digest, where people pinned that. */
  readonly layer: string | null;
}

const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

export async function layDown(world: LayerWorld, wanted: Wanted, read: ReadArchive): Promise<Laid> {
  const { disk, directory } = world;
  sweepLayers(world);
  const part = join(directory, `${partPrefix}${layerKey(wanted)}`);
  disk.makeDirectory(part, 0o755);
  const written = writeInto(disk, part, wanted, read);
  const why = written.ok ? misfit(written, wanted) : written.why;
  if (why !== null || !written.ok) {
    world.removeTree(part);
    return { ok: false, why: why ?? "" };
  }
  await world.syncTree(part);
  const digest = digestOf(written.files);
  const place = join(directory, digest);
  if (isWhole(world, place, digest)) world.removeTree(part);
  else {
    world.removeTree(place);
    disk.rename(part, place);
  }
  syncDirectory(disk, directory);
  return { ok: true, record: note(world, wanted, written, digest) };
}

/** What a crash has left over. */
function sweepLayers({ disk, directory, removeTree }: LayerWorld): void {
  for (const name of listed(disk, directory))
    if (name.startsWith(partPrefix)) removeTree(join(directory, name));
}

function isWhole(world: LayerWorld, place: string, digest: string): boolean {
  if (!listed(world.disk, world.directory).includes(digest)) return false;
  const found = world.digestAt(place);
  return found.ok && found.digest === digest;
}

type Written = Taken & { readonly files: readonly LayerFile[] };

function writeInto(disk: Disk, part: string, { language }: LayerName, read: ReadArchive): Written {
  const files: LayerFile[] = [];
  const made = new Set<string>();
  let open: { fd: number; path: string; size: number; hash: ReturnType<typeof createHash> } | null =
    null;
  try {
    const taken = takeArchive(read, language, {
      begin(path) {
        makeParents(disk, part, path, made);
        const fd = disk.open(join(part, path), flags, 0o600);
        open = { fd, path, size: 0, hash: createHash("sha256") };
      },
      write(piece) {
        if (open === null) return;
        writeAll(disk, open.fd, piece);
        open.hash.update(piece);
        open.size += piece.length;
      },
      end() {
        if (open === null) return;
        const { fd, path, size, hash } = open;
        disk.setMode(fd, 0o444);
        open = null;
        disk.close(fd);
        files.push({ path, size, sha256: hash.digest("hex") });
      },
    });
    return { ...taken, files };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "EEXIST" || errno === "ENOTDIR" || errno === "EISDIR" || errno === "ENAMETOOLONG")
      return { ok: false, why: "one path in it lies below another one that is a file", files };
    throw error;
  } finally {
    const left = open as { fd: number } | null;
    if (left !== null) disk.close(left.fd);
  }
}

function makeParents(disk: Disk, part: string, path: string, made: Set<string>): void {
  const parent = dirname(path);
  if (parent === "." || made.has(parent)) return;
  makeParents(disk, part, parent, made);
  disk.makeDirectory(join(part, parent), 0o755);
  made.add(parent);
}

function misfit({ lock, files }: Extract<Written, { ok: true }>, wanted: Wanted): string | null {
  const { integrity, layer } = wanted;
  if (!lock.packages.includes(wanted.package)) return `it does not hold ${wanted.package}`;
  if (integrity !== null && lock.integrity !== integrity)
    return `the registry has ${lock.integrity ?? "nothing"}, and con.yaml says ${integrity}`;
  const digest = digestOf(files);
  return layer === null || layer === digest
    ? null
    : `its digest is ${digest}, and con.yaml says ${layer}`;
}

/** The record is last: it is what makes the layer be there. */
function note(
  { disk, directory, now }: LayerWorld,
  wanted: Wanted,
  { lock, files }: Extract<Written, { ok: true }>,
  digest: string,
): LayerRecord {
  const record: LayerRecord = {
    ...{ version: 1, language: wanted.language, package: wanted.package, digest },
    ...{ files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) },
    ...{ integrity: lock.integrity, packages: lock.packages, at: new Date(now()).toISOString() },
  };
  replaceDurably(disk, lockFile(directory, wanted), Buffer.from(lock.text), 0o644);
  removeDurably(disk, failureFile(directory, wanted));
  replaceDurably(
    disk,
    recordFile(directory, wanted),
    Buffer.from(`${JSON.stringify(record)}\n`),
    0o644,
  );
  return record;
}
