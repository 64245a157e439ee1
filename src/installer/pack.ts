/**
 * Packs what was installed as a tar archive, in the order of names. Never: follows a link, or leaves one out in silence:
 * a layer holds plain files only.
 */
import fs, { constants } from "node:fs";
import { join } from "node:path";
import { type LayerLock, lockEntry } from "../system/layers/order.ts";
import { InstallFailure } from "./failure.ts";

const block = 512;
const pieceBytes = 2 ** 20;

export type Write = (bytes: Uint8Array) => void;

export function pack(root: string, folder: string, lock: LayerLock, write: Write): void {
  const text = Buffer.from(JSON.stringify(lock));
  write(header(lockEntry, text.length));
  write(text);
  write(padding(text.length));
  packDirectory(root, folder, write);
  write(Buffer.alloc(2 * block));
}

/** What the installers keep for themselves. */
const left: ReadonlySet<string> = new Set([
  "node_modules/.package-lock.json",
  "node_modules/.bin",
  "python/bin",
]);

function packDirectory(root: string, below: string, write: Write): void {
  for (const name of fs.readdirSync(join(root, below)).sort()) {
    const path = `${below}/${name}`;
    if (left.has(path)) continue;
    const stat = fs.lstatSync(join(root, path));
    if (stat.isDirectory()) packDirectory(root, path, write);
    else if (stat.isFile()) packFile(join(root, path), path, write);
    else throw new InstallFailure(`${path} is neither a file nor a directory`);
  }
}

function packFile(from: string, path: string, write: Write): void {
  const fd = fs.openSync(from, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = fs.fstatSync(fd);
    write(header(path, size));
    const piece = Buffer.allocUnsafe(Math.min(pieceBytes, size + 1));
    for (let done = 0; done < size; ) {
      const got = fs.readSync(fd, piece, 0, Math.min(piece.length, size - done), done);
      if (got === 0) throw new InstallFailure(`${path} became shorter`);
      write(piece.subarray(0, got));
      done += got;
    }
    write(padding(size));
  } finally {
    fs.closeSync(fd);
  }
}

const padding = (size: number): Buffer => Buffer.alloc((block - (size % block)) % block);

/** ustar; a name that does not fit comes before it, as pax has it. */
export function header(path: string, size: number, { type = "0", mode = 0o644 } = {}): Buffer {
  const long = Buffer.byteLength(path) > 100;
  const head = plainHeader(long ? "long" : path, size, type, mode);
  if (!long) return head;
  const text = paxRecord(path);
  return Buffer.concat([
    plainHeader("pax", text.length, "x", 0o644),
    text,
    padding(text.length),
    head,
  ]);
}

function plainHeader(name: string, size: number, type: string, mode: number): Buffer {
  const head = Buffer.alloc(block);
  const octal = (value: number, width: number): string => value.toString(8).padStart(width, "0");
  head.write(name, 0, 100, "utf8");
  head.write(`${octal(mode, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100, "latin1");
  head.write(`${octal(size, 11)}\0${octal(0, 11)}\0        ${type}`, 124, "latin1");
  head.write("ustar\x0000", 257, "latin1");
  const sum = head.reduce((all, byte) => all + byte, 0);
  head.write(`${octal(sum, 6)}\0 `, 148, "latin1");
  return head;
}

/** The length counts itself. */
function paxRecord(path: string): Buffer {
  const rest = Buffer.byteLength(` path=${path}\n`);
  let length = rest + String(rest).length;
  length = rest + String(length).length;
  return Buffer.from(`${length} path=${path}\n`);
}
