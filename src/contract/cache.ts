/**
 * What was read from contract files, so that a minute's evaluation needs neither ajv nor yaml.
 *
 * The cache is root's alone and carries its own checksum; one that is damaged, of another program or of
 * somebody else counts as none. Never: needed. A cache that cannot be written costs time and nothing
 * else. After a crash: the old cache or the new one.
 */
import { type BigIntStats, constants } from "node:fs";
import { basename } from "node:path";
import { type Disk, errnoOf } from "../system/disk.ts";
import { readAll, replaceDurably } from "../system/durable.ts";
import { sha256 } from "../system/sha256.ts";
import { notOwned } from "./owned.ts";
import type { ParsedContract } from "./parse.ts";

export interface CacheEntry {
  /** Identity of the file that was read. */
  readonly key: string;
  /** Epoch milliseconds. */
  readonly readAt: number;
  readonly parsed: ParsedContract;
}

/** By file name. */
export type Cache = ReadonlyMap<string, CacheEntry>;

/** Raise it whenever the same text is read differently. The bundle's name changes with its code too. */
const format = `1 ${basename(import.meta.url)}`;

const maxBytes = 64 << 20;

/** Times of files are as fine as the kernel's tick; within this span a change may not show in them. */
const settledMs = 2_000;

export const keyOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  [dev, ino, size, mtimeNs, ctimeNs].join(":");

/** The entry that still holds for a file of this status, or null. */
export function validEntry(cache: Cache, name: string, status: BigIntStats): CacheEntry | null {
  const entry = cache.get(name);
  if (entry === undefined || entry.key !== keyOf(status)) return null;
  return Number(status.ctimeNs / 1_000_000n) + settledMs < entry.readAt ? entry : null;
}

const none: Cache = new Map();

export function readCache(disk: Disk, path: string, directory: string, rootUid: number): Cache {
  const text = readOwned(disk, path, rootUid);
  const end = text?.indexOf("\n") ?? -1;
  if (text === null || end < 0) return none;
  const body = text.slice(end + 1);
  if (text.slice(0, end) !== headOf(directory, body)) return none;
  return new Map(JSON.parse(body) as [string, CacheEntry][]);
}

export function writeCache(disk: Disk, path: string, directory: string, cache: Cache): void {
  const body = JSON.stringify([...cache]);
  const bytes = Buffer.from(`${headOf(directory, body)}\n${body}`);
  try {
    replaceDurably(disk, path, bytes, 0o600);
  } catch (error) {
    // A full disk is the business of its own contract, which shall be evaluated.
    if (errnoOf(error) === null) throw error;
  }
}

function headOf(directory: string, body: string): string {
  return sha256(`${format}\n${directory}\n${body}`);
}

const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

function readOwned(disk: Disk, path: string, rootUid: number): string | null {
  let fd: number;
  try {
    fd = disk.open(path, flags);
  } catch (error) {
    // Missing at first; whatever else it is, the files themselves can be read.
    if (errnoOf(error) === null) throw error;
    return null;
  }
  try {
    const status = disk.stat(fd);
    if (!status.isFile() || notOwned(status, rootUid) !== null) return null;
    const bytes = readAll(disk, fd, maxBytes);
    return bytes === null ? null : Buffer.from(bytes).toString("utf8");
  } catch (error) {
    if (errnoOf(error) === null) throw error;
    return null;
  } finally {
    disk.close(fd);
  }
}
