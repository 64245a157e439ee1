/**
 * The regular files of a tar archive (ustar, with the long names of pax and GNU). Pure: bytes in, files out.
 *
 * Never: takes a link, a device, an absolute path or one with `..`, or more than a skill may have. One folder that
 * holds everything else is left away, as archives of a skill usually have one.
 */
import { skillBounds } from "./bounds.ts";
import type { SkillFiles } from "./types.ts";

export type Untarred =
  | { readonly ok: true; readonly files: SkillFiles; readonly folder: string | null }
  | { readonly ok: false; readonly why: string };

const block = 512;

interface Header {
  readonly name: string;
  readonly size: number;
  readonly type: string;
}

/** Bytes that a skill's archive has at most: names and padding come on top of the files. */
export const maxTarBytes = 4 * skillBounds.bytes;

export function untar(bytes: Uint8Array): Untarred {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const files = new Map<string, Uint8Array>();
  let longName: string | null = null;
  for (let at = 0; ; ) {
    if (at + block > data.length) return { ok: false, why: "it is cut off" };
    const header = headerAt(data, at);
    if (header === null) return { ok: false, why: "it is no tar archive" };
    if (header === "end") break;
    const body = data.subarray(at + block, at + block + header.size);
    if (body.length < header.size) return { ok: false, why: "it is cut off" };
    at += block + Math.ceil(header.size / block) * block;
    const { type } = header;
    if (type === "x" || type === "L") {
      longName = (type === "x" ? paxPath(body) : textIn(body)) ?? longName;
      continue;
    }
    const path = plainPath(longName ?? header.name);
    longName = null;
    if (type === "g" || path === "") continue;
    if (path === null) return { ok: false, why: "it holds a path that leads out of it" };
    if (type === "5" || hasDotName(path)) continue;
    if (type !== "0") return { ok: false, why: `${path} is a link or a device` };
    if (files.has(path)) return { ok: false, why: `it holds ${path} twice` };
    // One more than allowed, so that the check of the skill says so.
    if (files.size > skillBounds.files) break;
    files.set(path, new Uint8Array(body));
  }
  return files.size === 0 ? { ok: false, why: "it holds no file" } : unwrapped(files);
}

function headerAt(data: Buffer, at: number): Header | "end" | null {
  const head = data.subarray(at, at + block);
  if (head.every((byte) => byte === 0)) return "end";
  if (head.toString("latin1", 257, 262) !== "ustar") return null;
  const sum = head.reduce((all, byte, index) => all + (index >= 148 && index < 156 ? 32 : byte), 0);
  if (sum !== octal(head, 148, 8)) return null;
  const size = octal(head, 124, 12);
  if (size === null) return null;
  const prefix =
    head.toString("latin1", 257, 263) === "ustar\0" ? textIn(head.subarray(345, 500)) : "";
  const name = textIn(head.subarray(0, 100));
  const type = String.fromCharCode(head[156] ?? 0).replace(/[\0 7]/, "0");
  return { name: prefix ? `${prefix}/${name}` : name, size, type };
}

function octal(head: Buffer, at: number, length: number): number | null {
  const text = head
    .toString("latin1", at, at + length)
    .replace(/[\0 ]+$/, "")
    .trim();
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : null;
}

function textIn(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString("utf8");
}

/** Records `LENGTH KEY=VALUE\n`. */
function paxPath(bytes: Uint8Array): string | null {
  const text = Buffer.from(bytes).toString("utf8");
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(text)?.[1] ?? null;
}

/** Null where it leads out; empty for the archive's own top. */
function plainPath(name: string): string | null {
  if (name.startsWith("/")) return null;
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  return parts.includes("..") ? null : parts.join("/");
}

const hasDotName = (path: string): boolean => path.split("/").some((part) => part.startsWith("."));

function unwrapped(files: Map<string, Uint8Array>): Untarred {
  const tops = new Set([...files.keys()].map((path) => path.split("/")[0]));
  const [top = ""] = tops;
  if (tops.size !== 1 || files.has(top)) return { ok: true, files, folder: null };
  const inner = [...files].map(([path, content]) => [path.slice(top.length + 1), content] as const);
  return { ok: true, files: new Map(inner), folder: top };
}
