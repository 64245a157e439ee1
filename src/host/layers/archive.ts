/**
 * Reads what the installer made: a tar archive (ustar, with long names as pax has them) of regular files. Pure but for
 * what is passed in; nothing is kept in memory but one piece.
 *
 * Never: passes on a link, a device, a file with a set-user-ID bit, a path that leads out, one twice, or more than a
 * layer may have. After the first such entry nothing more is passed on.
 */
import { type LayerLanguage, layerBounds, layerFolder } from "../../system/layers/names.ts";
import { type LayerLock, lockEntry } from "../../system/layers/order.ts";

/** At most so many bytes; fewer only at the end. */
export type ReadArchive = (bytes: number) => Buffer;

export interface TakeFile {
  readonly begin: (path: string) => void;
  readonly write: (piece: Buffer) => void;
  readonly end: () => void;
}

export type Taken =
  | { readonly ok: true; readonly lock: LayerLock }
  | { readonly ok: false; readonly why: string };

const block = 512;
const pieceBytes = 2 ** 20;
const maxPaxBytes = 4096;

class Refused extends Error {}

export function takeArchive(read: ReadArchive, language: LayerLanguage, take: TakeFile): Taken {
  try {
    return { ok: true, lock: entries(read, language, take) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { ok: false, why: error.message };
  }
}

function entries(read: ReadArchive, language: LayerLanguage, take: TakeFile): LayerLock {
  const seen = new Set<string>();
  let lock: LayerLock | null = null;
  let [bytes, longName]: [number, string | null] = [0, null];
  for (;;) {
    const header = headerOf(exactly(read, block));
    if (header === null) break;
    if (header.type === "x") {
      if (header.size > maxPaxBytes) throw new Refused("a name in it is too long");
      longName = paxPath(body(read, header.size));
      continue;
    }
    const path = checked(longName ?? header.name, header);
    longName = null;
    if (seen.has(path)) throw new Refused(`${path} is in it twice`);
    seen.add(path);
    if (seen.size > layerBounds.files) throw new Refused(`more than ${layerBounds.files} files`);
    bytes += header.size;
    if (bytes > layerBounds.bytes) throw new Refused(`more than ${layerBounds.bytes} bytes`);
    if (lock === null) {
      lock = lockOf(path, header.size, read);
      continue;
    }
    if (!path.startsWith(`${layerFolder[language]}/`))
      throw new Refused(`${path} does not lie in ${layerFolder[language]}`);
    take.begin(path);
    copy(read, header.size, take.write);
    take.end();
  }
  if (lock === null || seen.size === 1) throw new Refused("it holds no file");
  return lock;
}

interface Header {
  readonly name: string;
  readonly size: number;
  readonly mode: number;
  readonly type: string;
}

/** Null at the end, which is a block of nothing. */
function headerOf(head: Buffer): Header | null {
  if (head.every((byte) => byte === 0)) return null;
  const sum = head.reduce((all, byte, index) => all + (index >= 148 && index < 156 ? 32 : byte), 0);
  if (head.toString("latin1", 257, 263) !== "ustar\0" || octal(head, 148, 8) !== sum)
    throw new Refused("it is no archive of an installer");
  const prefix = textIn(head.subarray(345, 500));
  const name = textIn(head.subarray(0, 100));
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    size: octal(head, 124, 12),
    mode: octal(head, 100, 8),
    type: String.fromCharCode(head[156] ?? 0).replace("\0", "0"),
  };
}

function octal(head: Buffer, at: number, length: number): number {
  const text = head.toString("latin1", at, at + length).replace(/[\0 ]+$/, "");
  if (!/^[0-7]{1,11}$/.test(text)) throw new Refused("a header of it cannot be read");
  return Number.parseInt(text, 8);
}

function textIn(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  const text = bytes.subarray(0, end < 0 ? bytes.length : end);
  if (!Buffer.from(text.toString("utf8")).equals(text)) throw new Refused("a name is not UTF-8");
  return text.toString("utf8");
}

/** One record, `LENGTH path=VALUE\n`; no other is written. */
function paxPath(bytes: Buffer): string {
  const found = /^(\d{1,5}) path=([^\n]*)\n$/.exec(textIn(bytes));
  if (found === null || Number(found[1]) !== bytes.length)
    throw new Refused("a header of it cannot be read");
  return found[2] ?? "";
}

const kinds: Readonly<Record<string, string>> = {
  "1": "a hard link",
  "2": "a symbolic link",
  "3": "a device",
  "4": "a device",
  "5": "a directory of its own",
  "6": "a named pipe",
};

function checked(path: string, { type, mode }: Header): string {
  const shown = JSON.stringify(path.slice(0, 200).toWellFormed());
  if (!isPlain(path)) throw new Refused(`${shown} is no plain path within it`);
  if (type !== "0") throw new Refused(`${shown} is ${kinds[type] ?? "no file"}`);
  if ((mode & 0o7000) !== 0)
    throw new Refused(`${shown} has a set-user-ID, set-group-ID or sticky bit`);
  return path;
}

function isPlain(path: string): boolean {
  const names = path.split("/");
  return (
    Buffer.byteLength(path) <= layerBounds.pathBytes &&
    names.length <= layerBounds.pathDepth &&
    !/[\u0000-\u001f\u007f]/.test(path) &&
    names.every((name) => !["", ".", ".."].includes(name) && Buffer.byteLength(name) <= 255)
  );
}

function lockOf(path: string, size: number, read: ReadArchive): LayerLock {
  if (path !== lockEntry) throw new Refused(`it does not begin with ${lockEntry}`);
  if (size > layerBounds.lockBytes) throw new Refused("its lock is too large");
  try {
    const value = JSON.parse(body(read, size).toString("utf8")) as unknown;
    if (isLock(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Refused("its lock cannot be read");
}

function isLock(value: unknown): value is LayerLock {
  if (typeof value !== "object" || value === null) return false;
  const { version, text, integrity, packages } = value as Record<string, unknown>;
  return (
    version === 1 &&
    typeof text === "string" &&
    (integrity === null || typeof integrity === "string") &&
    Array.isArray(packages) &&
    packages.length <= 2000 &&
    packages.every((one) => typeof one === "string" && one.length <= 300)
  );
}

function body(read: ReadArchive, size: number): Buffer {
  const parts: Buffer[] = [];
  copy(read, size, (piece) => parts.push(Buffer.from(piece)));
  return Buffer.concat(parts);
}

function copy(read: ReadArchive, size: number, write: (piece: Buffer) => void): void {
  for (let left = size; left > 0; ) {
    const piece = exactly(read, Math.min(left, pieceBytes));
    write(piece);
    left -= piece.length;
  }
  const padding = (block - (size % block)) % block;
  if (padding > 0) exactly(read, padding);
}

function exactly(read: ReadArchive, bytes: number): Buffer {
  const got = read(bytes);
  if (got.length < bytes) throw new Refused("it is cut off");
  return got;
}
