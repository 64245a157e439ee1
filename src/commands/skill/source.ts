/**
 * Reads a skill from where a person has it: a folder, or a tar archive, perhaps with gzip. All of it into memory, once,
 * so that what is checked is what is kept.
 *
 * Never: follows a link, reads a device or a file with a second name (which may be somebody else's secret), or reads
 * more than a skill may have. Writes nothing.
 */
import fs, { constants } from "node:fs";
import { basename, join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { directoryFlags, procPath, withDescriptor, withWalk } from "../../host/walk.ts";
import { skillBounds } from "../../skill/bounds.ts";
import { maxTarBytes, untar } from "../../skill/tar.ts";
import type { SkillFiles } from "../../skill/types.ts";
import { errnoOf, nodeDisk } from "../../system/disk.ts";
import { readAll } from "../../system/durable.ts";
import { ConError, exit } from "../../system/errors.ts";
import type { Io } from "../shared/io.ts";

export interface Source {
  /** Of the folder that holds the files. */
  readonly name: string;
  readonly files: SkillFiles;
}

const remedy = "give the folder of a skill, or a .tar or .tar.gz of it";

const bad = (source: string, why: string, how = remedy): ConError =>
  new ConError(exit.badInput, source, why, how);

export function readSource({ cwd, uid }: Pick<Io, "cwd" | "uid">, source: string): Source {
  const path = resolve(cwd, source);
  try {
    const read = (at: string): Source =>
      fs.lstatSync(at).isDirectory() ? folder(source, path, at) : archive(source, path, at);
    // Root is led nowhere by a link of somebody else's; people know their own ones.
    return uid === 0 ? withWalk("refuse", ({ entry }) => read(entry(path))) : read(path);
  } catch (error) {
    const code = errnoOf(error);
    if (code === null || error instanceof ConError) throw error;
    if (code === "ENOENT") throw bad(source, "there is no such folder or file");
    if (code === "ELOOP") throw bad(source, "it is a symbolic link, which is not followed");
    const fate = code === "EACCES" ? exit.permission : exit.badInput;
    throw new ConError(fate, source, `it cannot be read (${code})`, "name what you may read");
  }
}

function folder(source: string, path: string, at: string): Source {
  const files = new Map<string, Uint8Array>();
  const total = { bytes: 0 };
  withDescriptor(at, directoryFlags, (fd) =>
    gather(source, { fd, below: "", depth: 1 }, files, total),
  );
  return { name: basename(path), files };
}

const fileFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

function gather(
  source: string,
  { fd, below, depth }: { readonly fd: number; readonly below: string; readonly depth: number },
  files: Map<string, Uint8Array>,
  total: { bytes: number },
): void {
  if (depth > skillBounds.depth) throw bad(source, `${below} lies too deep`, "put it higher up");
  for (const name of fs.readdirSync(procPath(fd)).sort()) {
    if (name.startsWith(".")) continue;
    const path = join(below, name);
    const at = `${procPath(fd)}/${name}`;
    if (fs.lstatSync(at).isDirectory()) {
      const more = (inner: number): void =>
        gather(source, { fd: inner, below: path, depth: depth + 1 }, files, total);
      withDescriptor(at, directoryFlags, more);
      continue;
    }
    if (!fs.lstatSync(at).isFile()) throw bad(source, `${path} is a link or a device`, copyIt);
    const bytes = withDescriptor(at, fileFlags, (file) => regular(source, path, file));
    total.bytes += bytes.length;
    files.set(path, bytes);
    if (files.size > skillBounds.files || total.bytes > skillBounds.bytes)
      throw bad(source, tooMuch, "take out what the work does not need");
  }
}

const copyIt = "put a plain file there (cp -rL makes a copy without links)";
const tooMuch = `it has more than ${skillBounds.files} files or ${skillBounds.bytes} bytes`;

function regular(source: string, path: string, fd: number): Uint8Array {
  const stat = fs.fstatSync(fd);
  if (!stat.isFile()) throw bad(source, `${path} is a link or a device`, copyIt);
  if (stat.nlink > 1) throw bad(source, `${path} has another name (a hard link)`, copyIt);
  const bytes = readAll(nodeDisk, fd, skillBounds.bytes);
  if (bytes === null) throw bad(source, tooMuch, "take out what the work does not need");
  return Uint8Array.from(bytes);
}

function archive(source: string, path: string, at: string): Source {
  const bytes = withDescriptor(at, fileFlags, (fd) =>
    fs.fstatSync(fd).isFile() ? readAll(nodeDisk, fd, maxTarBytes) : Buffer.alloc(0),
  );
  if (bytes === null) throw bad(source, `it is larger than ${maxTarBytes} bytes`);
  const found = untar(unpacked(source, bytes));
  if (!found.ok) throw bad(source, found.why);
  const name = found.folder ?? basename(path).replace(/\.(tar|tgz|tar\.gz)$/, "");
  return { name, files: found.files };
}

function unpacked(source: string, bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: maxTarBytes });
  } catch (error) {
    const code = errnoOf(error);
    if (code === null) throw error;
    throw bad(source, code === "ERR_BUFFER_TOO_LARGE" ? tooMuch : "its gzip is damaged");
  }
}
