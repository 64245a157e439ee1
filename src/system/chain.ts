/**
 * A file of JSON lines that only grows, each line bound to the one before by its hash (chain/line.ts):
 * edits, removals and another order are found by `verifyChain`, a cut end by the head that the caller
 * remembers elsewhere.
 *
 * When `append` returns, its lines survive a power cut. After a crash: at worst a part of the latest
 * append at the end. It is left where it is, closed with a newline and noted by the next line, so that
 * nothing is ever taken out of the file. Beyond `rotateBytes` the file is renamed to `NAME-SEQ.jsonl`
 * and the chain goes on in a new one; a crash in between leaves only the renamed one. Never: reads more
 * than the file's end, or hides damage. One process at a time may write; the callers' locks see to it.
 */

import { type Appender, openAppender } from "./appender.ts";
import { rotatedPath } from "./chain/files.ts";
import { type ChainHead, type ChainRecord, writeLink } from "./chain/line.ts";
import { readTail, type Tail } from "./chain/tail.ts";
import type { Disk } from "./disk.ts";
import { moveDurably } from "./durable.ts";

export { chainFiles } from "./chain/files.ts";
export { lastRecords } from "./chain/last.ts";
export type { ChainHead, ChainRecord, Json, Link } from "./chain/line.ts";
export { recordsNaming } from "./chain/naming.ts";
export { type ChainCheck, verifyChain, verifyChainInTurns } from "./chain/verify.ts";

export interface Chain {
  /** Writes all of `records` or throws; then some of the first may stand there. */
  readonly append: (records: readonly ChainRecord[]) => ChainHead;
  /** The same, but a power cut may take it back until `sync` or `append`; the end of this process cannot. */
  readonly write: (records: readonly ChainRecord[]) => ChainHead;
  readonly sync: () => void;
  /** The number and hash of the last line. */
  readonly head: () => ChainHead;
  readonly close: () => void;
}

export interface ChainOptions {
  /** The head that was remembered elsewhere; null where nothing is known. */
  readonly expect?: ChainHead | null;
  readonly rotateBytes?: number;
  /** What the first line follows where there is none yet: the end of another chain. */
  readonly after?: ChainHead;
}

const rotateBytes = 64 * 1024 * 1024;

/** Opens the chain at `path`, which ends in `.jsonl`. Writes nothing before the first append. */
export function openChain(
  disk: Disk,
  path: string,
  mode: number,
  options: ChainOptions = {},
): Chain {
  const { after } = options;
  let tail: Tail = readTail(disk, path, options.expect ?? null, after);
  let file: Appender | null = null;
  const close = (): void => {
    file?.close();
    file = null;
  };
  const add = (records: readonly ChainRecord[], how: "append" | "write"): ChainHead => {
    if (records.length === 0) return tail.head;
    if (isFull(disk, path, tail, options.rotateBytes ?? rotateBytes)) {
      file?.sync();
      close();
      moveDurably(disk, path, rotatedPath(path, tail.head.seq));
    }
    const { bytes, head } = linked([...tail.notes, ...records], tail);
    try {
      file ??= openAppender(disk, path, mode);
      file[how](bytes);
    } catch (error) {
      // A part may stand there: look again, and expect what was confirmed.
      close();
      tail = readTail(disk, path, tail.head, after);
      throw error;
    }
    tail = { head, unterminated: false, notes: [] };
    return head;
  };
  return {
    append: (records) => add(records, "append"),
    write: (records) => add(records, "write"),
    sync: () => file?.sync(),
    head: () => tail.head,
    close,
  };
}

/** Never over a file of that name, and not before what is odd at the end was noted. */
function isFull(disk: Disk, path: string, tail: Tail, limit: number): boolean {
  if (tail.unterminated || tail.notes.length > 0) return false;
  const size = disk.find(path)?.size ?? 0n;
  return size > BigInt(limit) && disk.find(rotatedPath(path, tail.head.seq)) === null;
}

function linked(
  records: readonly ChainRecord[],
  tail: Tail,
): { readonly bytes: Uint8Array; readonly head: ChainHead } {
  let head = tail.head;
  let text = tail.unterminated ? "\n" : "";
  for (const record of records) {
    const link = writeLink(record, head);
    text += `${link.line}\n`;
    head = link.head;
  }
  return { bytes: Buffer.from(text), head };
}
