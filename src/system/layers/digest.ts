/**
 * The digest of a layer: over path, length and SHA-256 of each of its files. Owners, times and modes are no part of it:
 * all of them are root's and read-only.
 *
 * Never: follows a link, or gives a digest to a directory that holds anything but directories and files.
 */
import { createHash, type Hash } from "node:crypto";
import fs, { constants } from "node:fs";
import { join } from "node:path";
import { layerBounds } from "./names.ts";

export interface LayerFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** Pure. Whatever order the files are in. */
export function digestOf(files: readonly LayerFile[]): string {
  const hash = createHash("sha256").update("con-layer 1\n");
  for (const { path, size, sha256 } of [...files].sort((a, b) => (a.path < b.path ? -1 : 1)))
    hash.update(`${size} ${sha256} ${path}\n`);
  return hash.digest("hex");
}

export type Digested =
  | { readonly ok: true; readonly digest: string; readonly files: number; readonly bytes: number }
  | { readonly ok: false; readonly why: string };

/** What lies on the disk now. Errors of the disk are thrown. */
export function digestAt(root: string): Digested {
  const files: LayerFile[] = [];
  const chunk = Buffer.allocUnsafe(chunkBytes);
  const why = collect(root, "", files, chunk);
  if (why !== null) return { ok: false, why };
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return { ok: true, digest: digestOf(files), files: files.length, bytes };
}

const chunkBytes = 2 ** 20;

function collect(root: string, below: string, files: LayerFile[], chunk: Buffer): string | null {
  for (const entry of fs.readdirSync(join(root, below), { withFileTypes: true })) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) {
      const why = collect(root, path, files, chunk);
      if (why !== null) return why;
    } else if (entry.isFile()) {
      if (files.length >= layerBounds.files) return `it has more than ${layerBounds.files} files`;
      files.push({ path, ...hashed(join(root, path), chunk) });
    } else return `${path} is neither a file nor a directory`;
  }
  return null;
}

function hashed(path: string, chunk: Buffer): Pick<LayerFile, "size" | "sha256"> {
  const fd = fs.openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const hash: Hash = createHash("sha256");
    let size = 0;
    for (;;) {
      const got = fs.readSync(fd, chunk);
      if (got === 0) return { size, sha256: hash.digest("hex") };
      hash.update(chunk.subarray(0, got));
      size += got;
    }
  } finally {
    fs.closeSync(fd);
  }
}
