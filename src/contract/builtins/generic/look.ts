/**
 * Looks at paths as root without being led elsewhere: links are followed only where they are root's and lie
 * and lead through directories in which only root may write. Everything else that is a link is refused.
 *
 * Never: opens a device, reads more than `maxBytes`, or gives a file's text to anybody but the caller.
 */
import fs, { constants } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { inWords, withDescriptor, withWalk } from "../../../host/walk.ts";
import { errnoOf } from "../../../system/disk.ts";

const maxBytes = 1 << 20;
const maxLinks = 8;

export type Look<T> =
  | { readonly kind: "there"; readonly value: T }
  | { readonly kind: "missing" }
  /** It cannot be told, or must not be looked at. */
  | { readonly kind: "refused"; readonly why: string };

/** Calls `act` with the place of `path` behind held directories and what lies there, which is no link. */
export function look<T>(path: string, act: (at: string, stat: fs.Stats) => T): Look<T> {
  return through(path, act, maxLinks, false);
}

function through<T>(
  path: string,
  act: (at: string, stat: fs.Stats) => T,
  links: number,
  rootOnly: boolean,
): Look<T> {
  if (path === "/") return { kind: "there", value: act("/", fs.statSync("/")) };
  try {
    if (rootOnly && !waysOf(path).every(onlyRootWrites)) return link(path);
    const found = withWalk("refuse", ({ entry }): Look<T> | string => {
      const at = entry(path);
      const stat = fs.lstatSync(at, { throwIfNoEntry: false });
      if (stat === undefined) return { kind: "missing" };
      if (!stat.isSymbolicLink()) return { kind: "there", value: act(at, stat) };
      if (stat.uid !== 0 || links === 0 || !waysOf(path).every(onlyRootWrites)) return link(path);
      return resolve(fs.readlinkSync(dirname(at)), fs.readlinkSync(at));
    });
    return typeof found === "string" ? through(found, act, links - 1, true) : found;
  } catch (error) {
    return troubled(error, path);
  }
}

/** Each directory on the way, as an entry of the one before. */
const waysOf = (path: string): string[] => {
  const names = path.split("/").slice(1, -1);
  return names.map((_, n) => join("/", ...names.slice(0, n + 1)));
};

/** The mask of an ACL is seen in the group bits. */
function onlyRootWrites(directory: string): boolean {
  const { uid, mode } = fs.statSync(directory);
  return uid === 0 && (mode & 0o022) === 0;
}

const link = (path: string): Look<never> => ({
  kind: "refused",
  why: `${path} is a symbolic link, which is not followed`,
});

function troubled(error: unknown, path: string): Look<never> {
  const code = errnoOf(error);
  if (code === null) throw error;
  if (code === "ENOENT" || code === "ENOTDIR") return { kind: "missing" };
  return { kind: "refused", why: inWords(error as Error, path) };
}

/** Whether something has this name, be it a link that leads nowhere. */
export function isThere(path: string): "yes" | "no" | "unknown" {
  const found = look(path, () => true);
  if (found.kind === "missing") return "no";
  return found.kind === "there" ? "yes" : "unknown";
}

const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The text of a regular file. */
export function readText(path: string): Look<string> {
  const found = look(path, (at, stat): Look<string> => {
    if (!stat.isFile()) return { kind: "refused", why: `${path} is no regular file` };
    return withDescriptor(at, readFlags, (fd) => textOf(fd, path));
  });
  return found.kind === "there" ? found.value : found;
}

function textOf(fd: number, path: string): Look<string> {
  const stat = fs.fstatSync(fd);
  if (!stat.isFile()) return { kind: "refused", why: `${path} is no regular file` };
  // One byte more than is allowed shows that it is longer, also while it grows and in /proc.
  const bytes = Buffer.alloc(maxBytes + 1);
  let length = 0;
  for (;;) {
    const count = fs.readSync(fd, bytes, length, bytes.length - length, null);
    length += count;
    if (count === 0 || length === bytes.length) break;
  }
  if (length > maxBytes) return { kind: "refused", why: `${path} is longer than 1 MiB` };
  return { kind: "there", value: bytes.toString("utf8", 0, length) };
}

/** Where programs are looked for: what a check finds in its PATH. */
const programDirectories = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"];

/** The program's path, or null. Directories of the system are root's, so links in them are fine. */
export function findCommand(name: string): string | null {
  const candidates = name.startsWith("/") ? [name] : programDirectories.map((at) => join(at, name));
  return (name.includes("/") && !name.startsWith("/") ? [] : candidates).find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    const stat = fs.statSync(path);
    return stat.isFile() && (stat.mode & 0o111) !== 0;
  } catch (error) {
    if (errnoOf(error) === null) throw error;
    return false;
  }
}
