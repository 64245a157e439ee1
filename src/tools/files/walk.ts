/**
 * Walks from a permitted directory down to a path: race-safe against whatever the agent's own tool children,
 * and other agents in shared directories, do to the paths meanwhile.
 *
 * Each name is opened with O_PATH and O_NOFOLLOW inside the directory held before: that touches nothing. A
 * link is read, and the walk begins anew where it leads, if that is permitted; so nothing outside is ever
 * looked up, and not even its existence shows. At the end the kernel says which file the descriptor
 * really is (/proc/self/fd/N). Never: checks a path and then uses it by name; changes anything for a denied
 * call.
 */
import fs, { constants } from "node:fs";
import { join, relative, resolve } from "node:path";
import { Denied, outside, permits, type Reach, rootOf } from "./reach.ts";

/** open(2); Node has no name for it. Same value on x86-64 and arm64. */
const O_PATH = 0o10000000;
const stepFlags = O_PATH | constants.O_NOFOLLOW;
/** As many as the kernel follows. */
const maxLinks = 40;

export const byDescriptor = (fd: number): string => `/proc/self/fd/${fd}`;

/** The name of the open file as the kernel knows it now. */
const realPath = (fd: number): string => fs.readlinkSync(byDescriptor(fd));

const pathTroubles: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "has a part that is not a directory",
  EACCES: "is not permitted to this agent",
  EPERM: "is not permitted to this agent",
  ELOOP: "is a symbolic link, or leads in a circle",
  EINVAL: "was changed meanwhile",
  ENAMETOOLONG: "is too long",
  ENXIO: "is not a regular file",
  EISDIR: "is a directory",
  EROFS: "is on a read-only file system",
  ENOSPC: "cannot be written: the disk is full",
  EDQUOT: "cannot be written: the quota is used up",
};

const byKernel: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS"]);

/** Errors about the path itself become `Denied`; any other one is a bug or the disk. */
export function orDenied<T>({ use, roots }: Reach, path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    const why = pathTroubles[code];
    if (why === undefined) throw error;
    const refusal = { code: "kernel", use, path, roots, ended: null } as const;
    throw new Denied(`${path} ${why}`, {
      cause: error,
      refusal: byKernel.has(code) ? refusal : null,
    });
  }
}

interface Held {
  readonly fd: number;
  /** Its path, without a link in it. */
  readonly at: string;
}

export interface Asked {
  readonly reach: Reach;
  /** As it was asked for: for words only. */
  readonly path: string;
  readonly target: string;
  readonly missing: "make" | "refuse";
}

/** Calls `use` with a descriptor that opens nothing, of what `path` names. */
export function walkWithin<T>(asked: Asked, use: (found: Held) => T): T {
  let { target } = asked;
  for (let links = 0; links <= maxLinks; links += 1) {
    const found = descend(asked, target);
    if (typeof found === "string") {
      target = found;
      continue;
    }
    try {
      requireWithin(found.fd, asked);
      return use(found);
    } finally {
      fs.closeSync(found.fd);
    }
  }
  throw new Denied(`${asked.path} leads in a circle`);
}

export function requireWithin(fd: number, { reach, path }: Pick<Asked, "reach" | "path">): void {
  if (!permits(reach, realPath(fd))) throw outside(reach, path);
}

/** What lies at `target`, or where the first link on the way leads. */
function descend(asked: Asked, target: string): Held | string {
  const root = rootOf(asked.reach, target);
  if (root === null) throw outside(asked.reach, asked.path);
  const names = relative(root, target).split("/").filter(Boolean);
  let held = openRoot(asked, root);
  try {
    for (const [index, name] of names.entries()) {
      const next = step(asked, held, name);
      if (typeof next === "string") {
        fs.closeSync(held.fd);
        return resolve(held.at, next, ...names.slice(index + 1));
      }
      fs.closeSync(held.fd);
      held = next;
    }
    return held;
  } catch (error) {
    fs.closeSync(held.fd);
    throw error;
  }
}

/** Somebody with rights above it may have put a link in its place: then it is nobody's grant. */
function openRoot({ reach, path }: Asked, root: string): Held {
  const fd = orDenied(reach, path, () => fs.openSync(root, O_PATH));
  if (realPath(fd) === root) return { fd, at: root };
  fs.closeSync(fd);
  throw outside(reach, path);
}

/** One name further: what is there, or the text of the link that is there. */
function step({ reach, path, missing }: Asked, { fd, at }: Held, name: string): Held | string {
  const inside = `${byDescriptor(fd)}/${name}`;
  return orDenied(reach, path, () => {
    const child = openOrMake(inside, missing);
    try {
      if (!fs.fstatSync(child).isSymbolicLink()) return { fd: child, at: join(at, name) };
    } catch (error) {
      fs.closeSync(child);
      throw error;
    }
    fs.closeSync(child);
    return fs.readlinkSync(inside);
  });
}

function openOrMake(path: string, missing: Asked["missing"]): number {
  try {
    return fs.openSync(path, stepFlags);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (!isMissing || missing === "refuse") throw error;
  }
  makeUnlessThere(path);
  return fs.openSync(path, stepFlags);
}

function makeUnlessThere(path: string): void {
  try {
    fs.mkdirSync(path, 0o755);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** Opens, lets `use` work, closes. */
export function withDescriptor<T>(
  reach: Reach,
  path: string,
  open: () => number,
  use: (fd: number) => T,
): T {
  const fd = orDenied(reach, path, open);
  try {
    return use(fd);
  } finally {
    fs.closeSync(fd);
  }
}
