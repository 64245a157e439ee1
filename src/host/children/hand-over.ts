/**
 * Gives to somebody else what one user owns below a directory. Walks by descriptors, because others may rename
 * things there meanwhile; acts on the very file that was looked at.
 *
 * Never: follows a link, leaves the tree, opens a file's content, or changes what is somebody else's. Goes over
 * the tree again until nothing is found, so that moving things about hides none.
 */
import fs, { constants } from "node:fs";
import { errnoOf } from "../../system/disk.ts";
import { directoryFlags, O_PATH, procPath, withDescriptor, withWalk } from "../walk.ts";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Levels that hold a descriptor; those above are found again on the way back. */
const maxOpen = 256;
const maxRounds = 8;

/** Returns what could not be done, in words. */
export function handOver(directory: string, from: Owner, to: Owner): string[] {
  for (let round = 0; round < maxRounds; round += 1) {
    const { changed, complaints } = once(directory, from, to);
    if (complaints.length > 0) return complaints;
    if (changed === 0) return [];
  }
  return [`${directory}: files of uid ${from.uid} come again and again`];
}

interface Round {
  changed: number;
  readonly complaints: string[];
}

interface Level {
  /** Null while too many lie below it. */
  fd: number | null;
  /** Which directory it is. */
  readonly id: string;
  readonly names: Buffer[];
}

function once(directory: string, from: Owner, to: Owner): Round {
  const round: Round = { changed: 0, complaints: [] };
  const levels: Level[] = [];
  try {
    attempt(directory, round, () =>
      withWalk("refuse", ({ entry }) => enter(levels, entry(directory))),
    );
    for (let top = levels.at(-1); top !== undefined; top = levels.at(-1)) {
      const name = top.names.pop();
      if (name === undefined || top.fd === null) {
        // Somebody moves things about: the next round sees them where they are then.
        if (!leave(levels)) round.changed += 1;
        continue;
      }
      const path = Buffer.concat([Buffer.from(`${procPath(top.fd)}/`), name]);
      attempt(`${directory}/…/${name.toString()}`, round, () => {
        if (give(path, from, to, round)) enter(levels, path);
      });
    }
  } finally {
    for (const { fd } of levels) if (fd !== null) fs.closeSync(fd);
  }
  return round;
}

function enter(levels: Level[], path: string | Buffer): void {
  const fd = fs.openSync(path, directoryFlags);
  const level: Level = { fd, id: idOf(fd), names: [] };
  levels.push(level);
  level.names.push(...fs.readdirSync(procPath(fd), { encoding: "buffer" }));
  const above = levels.at(-1 - maxOpen);
  if (above === undefined || above.fd === null) return;
  fs.closeSync(above.fd);
  above.fd = null;
}

/** False where the directory above is not the one that it was; then nothing above is looked at any more. */
function leave(levels: Level[]): boolean {
  const left = levels.pop();
  const above = levels.at(-1);
  if (left === undefined || left.fd === null) return true;
  try {
    if (above === undefined || above.fd !== null) return true;
    above.fd = directoryAbove(left.fd);
    if (above.fd !== null && idOf(above.fd) === above.id) return true;
    if (above.fd !== null) fs.closeSync(above.fd);
    levels.length = 0;
    return false;
  } finally {
    fs.closeSync(left.fd);
  }
}

function directoryAbove(fd: number): number | null {
  try {
    return fs.openSync(`${procPath(fd)}/..`, directoryFlags);
  } catch (error) {
    // It was removed meanwhile.
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}

function idOf(fd: number): string {
  const { dev, ino } = fs.fstatSync(fd, { bigint: true });
  return `${dev} ${ino}`;
}

/** Whether it is a directory. */
function give(path: Buffer, from: Owner, to: Owner, round: Round): boolean {
  // Most is somebody else's: one system call for each of those.
  const seen = fs.lstatSync(path);
  if (!isOf(seen, from)) return seen.isDirectory();
  return withDescriptor(path, O_PATH | constants.O_NOFOLLOW, (fd) => {
    const stat = fs.fstatSync(fd);
    if (!isOf(stat, from)) return stat.isDirectory();
    const uid = stat.uid === from.uid ? to.uid : stat.uid;
    const gid = stat.gid === from.gid ? to.gid : stat.gid;
    fs.chownSync(procPath(fd), uid, gid);
    round.changed += 1;
    return stat.isDirectory();
  });
}

const isOf = ({ uid, gid }: fs.Stats, from: Owner): boolean => uid === from.uid || gid === from.gid;

/** What vanished meanwhile, or is another thing by now, is seen in the next round. */
function attempt(path: string, round: Round, act: () => void): void {
  try {
    act();
  } catch (error) {
    const code = errnoOf(error);
    if (code === null) throw error;
    if (!["ENOENT", "ENOTDIR", "ELOOP"].includes(code)) round.complaints.push(`${path}: ${code}`);
  }
}
