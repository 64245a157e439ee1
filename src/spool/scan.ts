/**
 * What lies in the inboxes, in the order in which it is to be run: control files, then priority, then in turns one of
 * each owner in order of arrival, so that who floods an inbox keeps only himself waiting. The scan is the truth; every wake-up is only a hint.
 *
 * Never: decides about an entry. What is read here (the first bytes of a file) only sorts.
 */
import { constants } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../system/disk.ts";
import { safePrefix } from "../task/id.ts";
import { trustOf } from "../task/trust.ts";
import { wasCreatedHere } from "./arrival.ts";
import type { Post, SpoolWorld } from "./world.ts";

export interface Candidate {
  readonly inbox: string;
  readonly path: string;
  /** The file's own name without `.task`, as the sender gave it. */
  readonly base: string;
  /** Set aside earlier because somebody kept it open for writing. */
  readonly open: boolean;
  /** Looks like a cancel or retry file. */
  readonly control: boolean;
  /** Smaller runs first. */
  readonly rank: number;
  /** Of the entry itself: each owner has his turn. */
  readonly uid: bigint;
  readonly arrivedNs: bigint;
}

const openName = /^\.open-\d+-(.+)\.task$/s;

/** Name under which a file waits that somebody still writes: wakes nothing, is seen by scans. */
export function openNameFor(base: string, inode: bigint): string {
  const name = `.open-${inode}-${base}.task`;
  return Buffer.byteLength(name) <= 255 ? name : `.open-${inode}-${safePrefix(base)}.task`;
}

/** All candidates of all inboxes in running order. `known` keeps what was peeked at before. */
export function scan(
  world: SpoolWorld,
  post: Post,
  known: Map<string, Candidate> = new Map(),
): Candidate[] {
  const found = post.inboxes.flatMap((inbox) => scanInbox(world, post, inbox, known));
  known.clear();
  for (const candidate of found) known.set(candidate.path, candidate);
  return inTurns(found.sort(inOrder));
}

/** The first of each owner, then the second of each, within a rank. */
function inTurns(sorted: readonly Candidate[]): Candidate[] {
  const counts = new Map<string, number>();
  const turned = sorted.map((candidate) => {
    const line = `${candidate.rank} ${candidate.uid}`;
    const turn = counts.get(line) ?? 0;
    counts.set(line, turn + 1);
    return { candidate, turn };
  });
  turned.sort((a, b) => a.candidate.rank - b.candidate.rank || a.turn - b.turn);
  return turned.map(({ candidate }) => candidate);
}

/** By arrival; ranks come with the turns. */
function inOrder(a: Candidate, b: Candidate): number {
  if (a.arrivedNs !== b.arrivedNs) return a.arrivedNs < b.arrivedNs ? -1 : 1;
  return a.path < b.path ? -1 : 1;
}

function scanInbox(
  world: SpoolWorld,
  post: Post,
  inbox: string,
  known: ReadonlyMap<string, Candidate>,
): Candidate[] {
  const names = world.disk.list(inbox);
  if (names.some((name) => name.includes("\ufffd"))) {
    renameUnreadable(world, inbox);
    return scanNames(world, post, inbox, world.disk.list(inbox), known);
  }
  return scanNames(world, post, inbox, names, known);
}

function scanNames(
  world: SpoolWorld,
  post: Post,
  inbox: string,
  names: readonly string[],
  known: ReadonlyMap<string, Candidate>,
): Candidate[] {
  return names.flatMap((name) => {
    const opened = openName.exec(name);
    const base = opened?.[1] ?? (name.startsWith(".") ? null : name.slice(0, -".task".length));
    if (base === null || !name.endsWith(".task")) return [];
    const path = join(inbox, name);
    const earlier = known.get(path);
    if (earlier !== undefined) return [earlier];
    const peeked = peek(world, post, path);
    return peeked === null ? [] : [{ inbox, path, base, open: opened !== null, ...peeked }];
  });
}

/** A name that is not UTF-8 gets one that is; the file then is a candidate like any other. */
function renameUnreadable(world: SpoolWorld, inbox: string): void {
  for (const name of world.disk.listBytes(inbox)) {
    const text = name.toString("utf8");
    if (text.startsWith(".") || !text.endsWith(".task") || Buffer.from(text).equals(name)) continue;
    const path = Buffer.concat([Buffer.from(`${inbox}/`), name]);
    try {
      const { ino } = world.disk.lstat(path);
      const safe = openNameFor(safePrefix(text.slice(0, -".task".length)), ino);
      world.disk.rename(path, join(inbox, safe));
      world.log.warn("renamed a task whose name is not UTF-8", { inbox, name: safe });
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  }
}

interface Peeked {
  readonly control: boolean;
  readonly rank: number;
  readonly uid: bigint;
  readonly arrivedNs: bigint;
}

const ranks = { control: 0, high: 1, normal: 2, low: 3 } as const;
const peekBytes = 1024;
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Null when the entry is gone. What cannot be opened ranks as normal; the claim deals with it. */
function peek(world: SpoolWorld, post: Post, path: string): Peeked | null {
  const { disk } = world;
  try {
    const stat = disk.lstat(path);
    const { uid, ctimeNs: arrivedNs } = stat;
    const plain: Peeked = { control: false, rank: ranks.normal, uid, arrivedNs };
    return stat.isFile() ? peekFile(world, post, path, plain) : plain;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}

function peekFile(world: SpoolWorld, post: Post, path: string, plain: Peeked): Peeked {
  const { disk } = world;
  let fd: number;
  try {
    fd = disk.open(path, flags);
  } catch (error) {
    if (["EACCES", "EPERM", "ELOOP", "ENXIO"].includes(errnoOf(error) ?? "")) return plain;
    throw error;
  }
  try {
    const head = Buffer.alloc(peekBytes);
    const length = disk.read(fd, head, 0, 0);
    const { uid, gid } = disk.stat(fd);
    const trust = trustOf(Number(uid), post.trustedUids, wasCreatedHere(disk, path, gid));
    return { ...plain, ...rankOf(head.toString("utf8", 0, length), trust === "verified") };
  } finally {
    disk.close(fd);
  }
}

/** Sorting by what the sender wrote; `high` counts only from somebody who is verified. */
function rankOf(head: string, verified: boolean): { control: boolean; rank: number } {
  if (!/^\ufeff?---[ \t]*\r?\n/.test(head)) return { control: false, rank: ranks.normal };
  const front = head.split(/\n---[ \t]*\r?\n/, 1)[0] ?? "";
  if (/^(?:cancel|retry):/m.test(front)) return { control: true, rank: ranks.control };
  const priority = /^priority:[ \t]*["']?(high|low)\b/m.exec(front)?.[1];
  if (priority === "low") return { control: false, rank: ranks.low };
  return { control: false, rank: priority === "high" && verified ? ranks.high : ranks.normal };
}
