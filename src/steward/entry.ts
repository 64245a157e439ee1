/**
 * What lies in the steward's inbox, looked at with suspicion: anybody who may write there may put
 * anything there. Everything is asked of the open descriptor, never of the name again.
 *
 * Never: follows a link, opens a FIFO or a device, reads more than a request may have, or believes that
 * a file which was made elsewhere and renamed into the inbox is its owner's wish.
 */
import { constants } from "node:fs";
import { join } from "node:path";
import { inAgentRange } from "../host/ids.ts";
import { type Disk, errnoOf } from "../system/disk.ts";
import { readAll, syncDirectory } from "../system/durable.ts";
import { isId, newId } from "../task/id.ts";
import { maxRequestBytes } from "./places.ts";
import type { StewardWorld } from "./world.ts";

/** What con-steward.path sees: no dot-names. */
const suffix = ".json";

export interface Waiting {
  readonly name: string;
  /** Null for a name that is no id: then there is no name for an answer either. */
  readonly id: string | null;
  readonly arrivedNs: bigint;
  /** By the owner of the name, which is enough for an order of service. */
  readonly ofAgent: boolean;
}

export type Entry =
  | ({ readonly kind: "request"; readonly uid: number; readonly bytes: Uint8Array } & Held)
  /** Owner: null where it may be somebody else's doing, so that nobody is answered. */
  | { readonly kind: "odd"; readonly uid: number | null; readonly why: string }
  | { readonly kind: "gone" };

interface Held {
  /** Removes the name as long as it still is the file that was read. */
  readonly finish: () => void;
  readonly release: () => void;
}

/** Oldest first. Names that are not UTF-8 are put aside on the way. */
export function listWaiting(world: StewardWorld): Waiting[] {
  const { disk, places } = world;
  return disk
    .listBytes(places.inbox)
    .flatMap((bytes): Waiting[] => {
      const name = bytes.toString("utf8");
      if (name.startsWith(".") || !name.endsWith(suffix)) return [];
      if (!Buffer.from(name).equals(bytes)) return putUnreadableAside(world, bytes);
      const found = disk.find(join(places.inbox, name));
      const base = name.slice(0, -suffix.length);
      if (found === null) return [];
      const ofAgent = inAgentRange(Number(found.uid));
      return [{ name, id: isId(base) ? base : null, arrivedNs: found.ctimeNs, ofAgent }];
    })
    .sort(byArrival);
}

/** In one tick of the kernel's clock by name: ids begin with a time. */
function byArrival(a: Waiting, b: Waiting): number {
  if (a.arrivedNs !== b.arrivedNs) return a.arrivedNs < b.arrivedNs ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}

function putUnreadableAside(world: StewardWorld, name: Buffer): [] {
  const from = Buffer.concat([Buffer.from(`${world.places.inbox}/`), name]);
  moveAway(world, from);
  world.log.warn("put aside an entry whose name is not UTF-8", {});
  return [];
}

type Stat = ReturnType<Disk["stat"]>;

const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

export function readEntry({ disk, places }: StewardWorld, name: string): Entry {
  const path = join(places.inbox, name);
  const seen = disk.find(path);
  if (seen === null) return { kind: "gone" };
  const gid = disk.lstat(places.inbox).gid;
  if (!seen.isFile()) return odd(seen, gid, "it is no plain file");
  const fd = openOrErrno(disk, path);
  if (fd === "ENOENT") return { kind: "gone" };
  if (typeof fd === "string") return odd(seen, gid, `it cannot be opened (${fd})`);
  let held = false;
  try {
    const read = readOpen(disk, places.inbox, name, fd, gid);
    held = read.kind === "request";
    return read;
  } finally {
    if (!held) disk.close(fd);
  }
}

function readOpen(disk: Disk, inbox: string, name: string, fd: number, gid: bigint): Entry {
  const stat = disk.stat(fd);
  if (!stat.isFile()) return odd(stat, gid, "it is no plain file");
  if (stat.gid !== gid) return odd(stat, gid, "it was made elsewhere and moved here");
  const twin = twinOf(disk, inbox, name, stat);
  if (disk.stat(fd).nlink > (twin === null ? 1n : 2n))
    return { kind: "odd", uid: null, why: "it has another name elsewhere" };
  const bytes = readAll(disk, fd, maxRequestBytes);
  if (bytes === null) return odd(stat, gid, `it is larger than ${maxRequestBytes} bytes`);
  const finish = (): void => {
    for (const one of [name, ...(twin === null ? [] : [twin])])
      unlinkSame(disk, join(inbox, one), stat);
  };
  const release = (): void => disk.close(fd);
  return { kind: "request", uid: Number(stat.uid), bytes, finish, release };
}

/** Made here? A set-group-ID directory gives its group to what is made in it; rename(2) does not. */
const odd = (stat: Stat, gid: bigint, why: string): Entry => ({
  kind: "odd",
  uid: stat.gid === gid ? Number(stat.uid) : null,
  why,
});

/** The dot-name that a sender links from, while it has not removed it yet, or died before that. */
function twinOf(disk: Disk, inbox: string, name: string, stat: Stat): string | null {
  if (stat.nlink <= 1n) return null;
  const prefix = `.${name}.tmp-`;
  const isTwin = (one: string): boolean => disk.find(join(inbox, one))?.ino === stat.ino;
  return disk.list(inbox).find((one) => one.startsWith(prefix) && isTwin(one)) ?? null;
}

function openOrErrno(disk: Disk, path: string): number | string {
  try {
    return disk.open(path, flags);
  } catch (error) {
    const code = errnoOf(error);
    if (code !== null && ["ENOENT", "ELOOP", "ENXIO", "ENODEV", "EACCES"].includes(code))
      return code;
    throw error;
  }
}

function unlinkSame(disk: Disk, path: string, stat: Stat): void {
  const now = disk.find(path);
  if (now === null || now.ino !== stat.ino || now.dev !== stat.dev) return;
  try {
    disk.unlink(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

/** Out of the inbox, whatever it is, kept for whoever wants to know. Returns where it lies now. */
export function putAside(world: StewardWorld, name: string): string | null {
  return moveAway(world, join(world.places.inbox, name));
}

function moveAway(world: StewardWorld, from: string | Buffer): string | null {
  const { disk, places, now, randomBytes } = world;
  const to = join(places.corrupt, newId(now(), randomBytes));
  try {
    disk.rename(from, to);
    for (const directory of [places.corrupt, places.inbox]) syncDirectory(disk, directory);
    return to;
  } catch (error) {
    // Its owner was faster.
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}
