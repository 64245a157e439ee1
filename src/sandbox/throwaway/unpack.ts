/**
 * Lays out the working directory before anything runs in it. Nobody else is there, so that there is no race.
 * Never: writes outside of it, or over a file that is there.
 */
import fs, { constants } from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf, namesIn } from "../../system/disk.ts";
import { digestAt } from "../../system/layers/digest.ts";
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
  const trouble = layers.map(layerTrouble).find((why) => why !== null);
  if (trouble !== undefined) return trouble;
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

/** `import` looks only in folders above the importing file, not in NODE_PATH. The first layer that has a name wins. */
function linkModules(layers: readonly string[]): void {
  const modules = join(work, "node_modules");
  if (fs.existsSync(modules)) return;
  for (const layer of layers) {
    const inside = join(allLayers, layer, "node_modules");
    for (const name of namesIn(inside))
      if (!name.startsWith("@")) linkModule(modules, layer, name);
      else
        for (const one of namesIn(join(inside, name))) linkModule(modules, layer, `${name}/${one}`);
  }
}

function linkModule(modules: string, layer: string, name: string): void {
  const at = join(modules, name);
  fs.mkdirSync(dirname(at), { recursive: true, mode: 0o755 });
  try {
    fs.symlinkSync(`${layerOf(layer)}/node_modules/${name}`, at);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
}

/** Root made it, nobody else can change it, and nothing in it is different from when it got its name. */
function layerTrouble(name: string): string | null {
  const path = join(allLayers, name);
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() !== true || stat.uid !== rootUid || (stat.mode & 0o022) !== 0)
    return `there is no layer ${name}`;
  const found = digestAt(path);
  if (found.ok && found.digest === name) return null;
  return `layer ${name} is not what it was: a person must look at it (con verify)`;
}

const rootUid = 0;
