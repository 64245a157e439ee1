/**
 * A hash chain in one file for each day (UTC): `NAME-YYYY-MM-DD.jsonl`, and `NAME-YYYY-MM-DD-SEQ.jsonl` for
 * what grew too large within a day. Numbers and hashes go on over all of them; the first line of a day names
 * the file and the line that it follows, the last one of the day before says that the day ended.
 *
 * Never: goes back to an earlier day when the clock does. After a crash between two days: an old file that
 * says twice that it ended, or a new one without its first line; the next write mends both, and the chain
 * holds. What `write` wrote survives the end of the process, and a power cut after `sync`.
 */
import { basename, join } from "node:path";
import { chainFiles } from "./chain/files.ts";
import { beginning, type ChainHead, type ChainRecord } from "./chain/line.ts";
import { readTail } from "./chain/tail.ts";
import { type Chain, openChain } from "./chain.ts";
import type { Disk } from "./disk.ts";
import { listed } from "./disk.ts";

export interface DailyChain {
  /** Writes all of `records` or throws; then some of the first may stand there. */
  readonly write: (records: readonly ChainRecord[]) => ChainHead;
  readonly sync: () => void;
  readonly close: () => void;
}

export interface DailyOptions {
  readonly mode: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly rotateBytes?: number;
}

/** Kinds of the lines that join two days. */
const dayKinds = { begins: "day-begins", ends: "day-ends" } as const;

/** `name` is letters only. Writes nothing before the first `write`. */
export function openDailyChain(
  disk: Disk,
  directory: string,
  name: string,
  options: DailyOptions,
): DailyChain {
  const pathOf = (day: string): string => join(directory, `${name}-${day}.jsonl`);
  let open = openLatest(disk, directory, name, options);
  const turnTo = (day: string): void => {
    const before = open.chain;
    const path = pathOf(day);
    if (open.path !== null) before.append([{ kind: dayKinds.ends, next: basename(path) }]);
    before.close();
    const after = before.head();
    const chain = openChain(disk, path, options.mode, { ...options, after });
    open = { chain, day, path, first: firstOf(open.path, after) };
  };
  const write = (records: readonly ChainRecord[]): ChainHead => {
    const today = new Date(options.now()).toISOString().slice(0, 10);
    if (today > open.day) turnTo(today);
    const head = open.chain.write([...open.first, ...records]);
    open = { ...open, first: [] };
    return head;
  };
  return { write, sync: () => open.chain.sync(), close: () => open.chain.close() };
}

interface Open {
  readonly chain: Chain;
  /** Empty before the first day. */
  readonly day: string;
  readonly path: string | null;
  /** To be written before anything else in this file. */
  readonly first: readonly ChainRecord[];
}

function openLatest(disk: Disk, directory: string, name: string, options: DailyOptions): Open {
  const days = daysIn(disk, directory, name);
  const paths = days.map((day) => join(directory, `${name}-${day}.jsonl`));
  const path = paths.at(-1) ?? null;
  const { after, before } = endBefore(disk, paths.slice(0, -1));
  const file = path ?? join(directory, `${name}-.jsonl`);
  const chain = openChain(disk, file, options.mode, { ...options, after });
  const isNew = path !== null && chain.head().seq === after.seq;
  return { chain, day: days.at(-1) ?? "", path, first: isNew ? firstOf(before, after) : [] };
}

const firstOf = (path: string | null, { seq, hash }: ChainHead): ChainRecord[] => [
  { kind: dayKinds.begins, follows: path === null ? null : { file: basename(path), seq, hash } },
];

/** Where the latest of `paths` that has a line at all ends. */
function endBefore(
  disk: Disk,
  paths: readonly string[],
): { readonly after: ChainHead; readonly before: string | null } {
  for (const path of paths.toReversed()) {
    const { head } = readTail(disk, path, null);
    if (head.seq > 0) return { after: head, before: path };
  }
  return { after: beginning, before: null };
}

function daysIn(disk: Disk, directory: string, name: string): string[] {
  const pattern = new RegExp(`^${name}-(\\d{4}-\\d\\d-\\d\\d)(?:-[1-9]\\d{0,15})?\\.jsonl$`);
  const days = listed(disk, directory).flatMap((file) => pattern.exec(file)?.[1] ?? []);
  return [...new Set(days)].sort();
}

/** Files of the chain that exist, in its order. */
export const dailyFiles = (disk: Disk, directory: string, name: string): string[] =>
  daysIn(disk, directory, name).flatMap((day) =>
    chainFiles(disk, join(directory, `${name}-${day}.jsonl`)),
  );
