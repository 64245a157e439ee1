/**
 * Whether words in files may be those of strangers, by what the kernel says: a file counts as our own when root, this
 * agent or a trusted person owns it, and nobody else may write in it. The workspace is the agent's alone, whatever the
 * modes in it are. Never: believes a name or a content; says "our own" where nothing is known.
 *
 * What a tool fetched is a stranger's although the agent owns it: such files have the sticky bit, which means nothing else
 * for a file, goes with it when it is moved, and is kept by `cp -p` and the archive. It is a mark and no wall:
 * whoever has a shell can take it off, or write the words anew.
 *
 * The bits of the group stand for all named entries of an access list as well: where one may write, strangers may.
 */
import fs, { constants } from "node:fs";
import { dirname, join } from "node:path";
import { isWithin } from "../../sandbox/bwrap.ts";
import { errnoOf } from "../../system/disk.ts";
import type { FilePolicy, ShellPolicy } from "../policies.ts";
import type { ToolResult } from "../result.ts";
import { locateWithin, madeDirectoryFor } from "./open.ts";
import { below, type Reach, rootOf } from "./reach.ts";
import { byDescriptor } from "./walk.ts";

type Owned = Pick<FilePolicy, "owners" | "workspace">;

const othersWrite = 0o022;

/** The sticky bit: of files that hold what was fetched, and of the folder that says that some are there. */
export const fetchedMark = 0o1000;

type Looked = Pick<fs.Stats, "uid" | "mode">;

const isStrange = ({ owners = [], workspace }: Owned, { uid, mode }: Looked, path: string) =>
  !owners.includes(uid) ||
  ((mode & othersWrite) !== 0 && !isWithin(workspace, path)) ||
  ((mode & constants.S_IFMT) === constants.S_IFREG && (mode & fetchedMark) !== 0);

/** Of an open file or directory; of a directory, the names in it. */
export const isStrangers = (files: Owned, fd: number): boolean =>
  isStrange(files, fs.fstatSync(fd), fs.readlinkSync(byDescriptor(fd)));

/** Null where there is nothing. What may not be looked at is nobody's own. */
export function lookedAt(files: Owned, path: string): "own" | "strange" | null {
  try {
    return isStrange(files, fs.lstatSync(path), path) ? "strange" : "own";
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === null) throw error;
    return errno === "ENOENT" || errno === "ENOTDIR" ? null : "strange";
  }
}

/**
 * Of a file that a program will open by its path: also where strangers may put another one in its place, or, as SQLite's
 * logs, beside it. Throws Denied as `locateWithin`.
 */
export function mayBeStrangers(files: FilePolicy, reach: Reach, path: string): boolean {
  const at = locateWithin(reach, path);
  const top = rootOf(reach, at) ?? "/";
  for (let above = at; above !== top && above !== "/"; above = dirname(above))
    if (lookedAt(files, above) !== "own") return true;
  return lookedAt(files, top) !== "own";
}

/** What a command prints: it may come from the network, or from any directory that the sandbox shows. */
export const showsStrangers = (files: FilePolicy, shell: ShellPolicy): boolean =>
  shell.network ||
  shell.isolation === "none" ||
  hasFetched(files) ||
  files.readable.some((root) => lookedAt(files, root) === "strange");

/** Where what is fetched lies, unless the call says where. */
export const fetchedFolder = ({ workspace }: Pick<FilePolicy, "workspace">): string =>
  join(workspace, "web");

/** Whether something was fetched into the workspace since somebody took that folder away. */
function hasFetched(files: Owned): boolean {
  const found = fs.lstatSync(fetchedFolder(files), { throwIfNoEntry: false });
  return found !== undefined && (found.mode & fetchedMark) !== 0;
}

/** Says so; before the first file, so that none lies there without it. */
export function noteFetched(files: Pick<FilePolicy, "workspace">): void {
  const folder = fetchedFolder(files);
  madeDirectoryFor(below(files.workspace), join(folder, "x"), (directory) => {
    const { mode } = fs.fstatSync(directory);
    if ((mode & fetchedMark) === 0) fs.fchmodSync(directory, (mode & 0o777) | fetchedMark);
  });
}

/** Files whose lines grep(1) printed as `path:number:text`; some may be names that only look like one. */
const maxCandidates = 16;

/** `lines` begin with paths. Where a line could stand for several files, all of them have to be our own. */
export function hasStrangers(files: Owned, lines: readonly string[]): boolean {
  const known = new Map<string, boolean>();
  const isStrangePath = (path: string): boolean | null => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const found = lookedAt(files, path);
    if (found === null) return null;
    known.set(path, found === "strange");
    return found === "strange";
  };
  return lines.some((line) => {
    const ends = [...line.matchAll(/:\d+:/g)].slice(0, maxCandidates).map(({ index }) => index);
    const found = ends.map((end) => isStrangePath(line.slice(0, end)));
    return found.includes(true) || !found.includes(false);
  });
}

export const asStrangers = (result: ToolResult, strange: boolean): ToolResult =>
  strange ? { ...result, untrusted: true } : result;
