/**
 * Reads the active contracts: `*.yaml` and `*.yml` of one directory that is root's alone.
 *
 * A file that cannot be used is a finding of its own and keeps nothing else from being used. Never:
 * follows a link, opens what is no regular file, believes what somebody else than root may write.
 */
import { type BigIntStats, constants } from "node:fs";
import { join } from "node:path";
import { type Disk, errnoOf, nodeDisk } from "../system/disk.ts";
import { readAll } from "../system/durable.ts";
import { type Cache, type CacheEntry, keyOf, readCache, validEntry, writeCache } from "./cache.ts";
import { type ParsedFile, together } from "./format/together.ts";
import { notOwned } from "./owned.ts";
import type { ParsedContract } from "./parse.ts";
import type { BadContract, ContractSet } from "./types.ts";

export interface LoadOptions {
  readonly directory: string;
  /** Null = read and parse every file. */
  readonly cachePath: string | null;
  /** Who counts as root. */
  readonly rootUid?: number;
  readonly disk?: Disk;
  readonly now?: () => number;
}

type Loading = Required<LoadOptions>;

const maxBytes = 1 << 20;

export async function loadContracts(options: LoadOptions): Promise<ContractSet> {
  const loading: Loading = { rootUid: 0, disk: nodeDisk, now: Date.now, ...options };
  const names = listFiles(loading);
  if ("problems" in names) return { contracts: [], bad: [names] };
  const { disk, cachePath, directory, rootUid } = loading;
  const cache: Cache =
    cachePath === null ? new Map() : readCache(disk, cachePath, directory, rootUid);
  const { good, bad, entries } = await readFiles(loading, names, cache);
  if (cachePath !== null && !sameEntries(cache, entries))
    writeCache(disk, cachePath, directory, entries);
  const set = together(good);
  return { contracts: set.contracts, bad: [...set.bad, ...bad].sort(byFile) };
}

const byFile = (a: BadContract, b: BadContract): number => (a.file < b.file ? -1 : 1);

const sameEntries = (before: Cache, after: Cache): boolean =>
  before.size === after.size && [...after].every(([name, entry]) => before.get(name) === entry);

/** Sorted names of contract files, or why there can be none. */
function listFiles({ disk, directory, rootUid }: Loading): readonly string[] | BadContract {
  try {
    const status = disk.find(directory);
    if (status === null) return unusable(directory, "there is no such directory", bootstrap);
    if (!status.isDirectory()) return unusable(directory, "it is no directory", bootstrap);
    const why = notOwned(status, rootUid);
    if (why !== null) return unusable(directory, `${why}: no contract in it is run`, reown);
    const names = disk.list(directory).filter((name) => /^[^.].*\.ya?ml$/s.test(name));
    return names.sort();
  } catch (error) {
    return unusable(directory, reason(error), bootstrap);
  }
}

const bootstrap = "run con bootstrap, which makes it anew";
const reown = "look who wrote to it, then run con bootstrap, which makes it root's again";

interface FilesRead {
  readonly good: readonly ParsedFile[];
  readonly bad: readonly BadContract[];
  readonly entries: Cache;
}

async function readFiles(
  loading: Loading,
  names: readonly string[],
  cache: Cache,
): Promise<FilesRead> {
  const good: ParsedFile[] = [];
  const bad: BadContract[] = [];
  const entries = new Map<string, CacheEntry>();
  const parse = lazyParser();
  for (const name of names) {
    const file = join(loading.directory, name);
    const status = look(loading, file);
    if (status === "gone") continue;
    const held = "problems" in status ? null : validEntry(cache, name, status);
    const found = "problems" in status ? status : (held ?? (await read(loading, file, parse)));
    if ("problems" in found) bad.push(found);
    else {
      entries.set(name, found);
      good.push({ file, parsed: found.parsed });
    }
  }
  return { good, bad, entries };
}

/** The status of a file that may be read. Removed since it was listed is no fault. */
function look({ disk, rootUid }: Loading, file: string): BigIntStats | BadContract | "gone" {
  try {
    const status = disk.find(file);
    if (status === null && !file.includes("\ufffd")) return "gone";
    if (status === null) return unusable(file, "its name is not UTF-8", "rename it");
    return refused(status, file, rootUid) ?? status;
  } catch (error) {
    return unusable(file, reason(error), bootstrap);
  }
}

function refused(status: BigIntStats, file: string, rootUid: number): BadContract | null {
  if (!status.isFile())
    return unusable(file, "it is no regular file, and is never read", "put a file in its place");
  const why = notOwned(status, rootUid);
  return why === null ? null : unusable(file, `${why}: it is never run`, reown);
}

type Parser = (path: string, text: string) => Promise<ParsedContract>;

/** Loads ajv and yaml, and compiles the schema, once and only when there is something to parse. */
function lazyParser(): Parser {
  let ready: Promise<(path: string, text: string) => ParsedContract> | null = null;
  const prepare = async () => {
    const { contractValidator, parseContract } = await import("./parse.ts");
    const validate = contractValidator();
    return (path: string, text: string) => parseContract({ path, text }, validate);
  };
  return async (path, text) => {
    ready ??= prepare();
    return (await ready)(path, text);
  };
}

const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

async function read(
  { disk, rootUid, now }: Loading,
  file: string,
  parse: Parser,
): Promise<CacheEntry | BadContract> {
  const opened = openAndRead(disk, file, rootUid, now());
  if ("problems" in opened) return opened;
  const { key, readAt, text } = opened;
  return { key, readAt, parsed: await parse(file, text) };
}

/** Judges the file that was opened, not the name that was looked at before. */
function openAndRead(
  disk: Disk,
  file: string,
  rootUid: number,
  readAt: number,
): { key: string; readAt: number; text: string } | BadContract {
  let fd: number | null = null;
  try {
    fd = disk.open(file, flags);
    const status = disk.stat(fd);
    const refusal = refused(status, file, rootUid);
    if (refusal !== null) return refusal;
    const bytes = readAll(disk, fd, maxBytes);
    if (bytes === null) return unusable(file, `it has more than ${maxBytes} bytes`, "shorten it");
    const text = decode(bytes);
    if (text === null) return unusable(file, "it is not UTF-8", "write it in UTF-8");
    return { key: keyOf(status), readAt, text };
  } catch (error) {
    return unusable(file, reason(error), bootstrap);
  } finally {
    if (fd !== null) disk.close(fd);
  }
}

/** Null for bytes that are no UTF-8. */
export function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return null;
  }
}

/** What the system said; anything else is a bug of ours and is thrown on. */
function reason(error: unknown): string {
  const code = errnoOf(error);
  if (code === null) throw error;
  return `it cannot be read (${code})`;
}

const unusable = (file: string, why: string, remedy: string): BadContract => ({
  file,
  problems: [{ line: 1, column: 1, key: "", why, remedy }],
});
