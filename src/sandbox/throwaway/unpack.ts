/**
 * Lays out the working directory before anything runs in it. Nobody else is there, so that there is no race.
 * Never: writes outside of it, or over a file that is there.
 */
import fs, { constants } from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf } from "../../system/disk.ts";
import { allLayers, layerOf, mounts, mountTable, work } from "./launch.ts";
import { codeFile, type Header } from "./request.ts";

export interface Input {
  readonly header: Header;
  readonly code: Buffer;
  readonly stdin: Buffer;
  /** One for each of the header's files. */
  readonly files: readonly Buffer[];
}

const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Returns why it cannot be done because of what was asked, or null. Throws for what is no caller's fault. */
export function unpack({ header, code, files }: Input): string | null {
  const { layers } = header;
  const unknown = layers.find((name) => !isLayer(join(allLayers, name)));
  if (unknown !== undefined) return `there is no layer ${unknown}`;
  try {
    put(codeFile[header.language], code);
    for (const [index, path] of header.files.entries()) put(path, files[index] ?? Buffer.alloc(0));
    linkModules(layers);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "EEXIST" || errno === "ENOTDIR" || errno === "EISDIR")
      return "files: one path lies below another one that is a file";
    if (errno === "ENOSPC") return "files: more than the sandbox has room for";
    throw error;
  }
  fs.writeFileSync(mountTable, mounts(layers), { flag: "wx", mode: 0o600 });
  return null;
}

function put(path: string, bytes: Buffer): void {
  const whole = join(work, path);
  fs.mkdirSync(dirname(whole), { recursive: true, mode: 0o755 });
  const fd = fs.openSync(whole, flags, 0o644);
  try {
    for (let done = 0; done < bytes.length; ) done += fs.writeSync(fd, bytes, done);
  } finally {
    fs.closeSync(fd);
  }
}

/** `import` looks only in folders above the importing file, not in NODE_PATH. */
function linkModules(layers: readonly string[]): void {
  const first = layers.find((name) => fs.existsSync(join(allLayers, name, "node_modules")));
  if (first === undefined || fs.existsSync(join(work, "node_modules"))) return;
  fs.symlinkSync(`${layerOf(first)}/node_modules`, join(work, "node_modules"));
}

/** Root made it and nobody else can change it. */
function isLayer(path: string): boolean {
  try {
    const stat = fs.lstatSync(path);
    return stat.isDirectory() && stat.uid === rootUid && (stat.mode & 0o022) === 0;
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    return false;
  }
}

const rootUid = 0;
