/**
 * Where a chain goes on: found out at the end of its file, whatever a crash or a hand left there. Reads only.
 *
 * Damage is never smoothed over. What is not a line of the chain stays in the file, the chain goes on
 * from the last line that is known to have been there, and notes say what was found.
 */
import { createHash } from "node:crypto";
import type { Disk } from "../disk.ts";
import { linesBackwards } from "./backwards.ts";
import { rotatedFiles, withFile } from "./files.ts";
import { beginning, type ChainHead, type ChainRecord, maxLineBytes, readLink } from "./line.ts";

export interface Tail {
  readonly head: ChainHead;
  /** The file does not end with a newline. */
  readonly unterminated: boolean;
  /** To be written into the chain before anything else. */
  readonly notes: readonly ChainRecord[];
}

/** Kinds of the notes that a chain makes about itself. */
export const noteKinds = {
  /** What lies between this line and the last good one was never confirmed: `bytes`, `sha256` of it. */
  torn: "chain-torn",
  /** The same, but more than is looked at. */
  damaged: "chain-damaged",
  /** Lines `from` to `to` were there and are not any more. */
  gap: "chain-gap",
} as const;

/** How far back the last good line is looked for. */
const maxTailBytes = 4 * maxLineBytes;

/**
 * `expect`: the head as it was remembered elsewhere, null where nothing is known. `after`: what the first
 * line follows.
 */
export function readTail(
  disk: Disk,
  path: string,
  expect: ChainHead | null,
  after: ChainHead = beginning,
): Tail {
  const current = withFile(disk, path, (fd) => tailOf(disk, fd));
  // An empty file follows a rotated one, or a crash between the two.
  const tail = current ?? { head: null, unterminated: false, notes: [] };
  const head = tail.head ?? rotatedHead(disk, path) ?? after;
  const found = { ...tail, head };
  return expect === null ? found : against(expect, found);
}

function tailOf(disk: Disk, fd: number): Omit<Tail, "head"> & { head: ChainHead | null } {
  let unterminated = false;
  let isAtStart = Number(disk.stat(fd).size) === 0;
  let head: ChainHead | null = null;
  const strange: Buffer[] = [];
  for (const { bytes, terminated, first } of linesBackwards(disk, fd, maxTailBytes)) {
    unterminated ||= !terminated;
    isAtStart = first;
    const link = readLink(bytes);
    if (link !== null) {
      head = { seq: link.seq, hash: link.hash };
      break;
    }
    strange.unshift(bytes);
  }
  if (head === null && !isAtStart) {
    return { head, unterminated: true, notes: [{ kind: noteKinds.damaged }] };
  }
  return { head, unterminated, notes: strange.length === 0 ? [] : [tornNote(strange)] };
}

function tornNote(lines: readonly Buffer[]): ChainRecord {
  const hash = createHash("sha256");
  let bytes = lines.length - 1;
  for (const [index, line] of lines.entries()) {
    hash.update(index === 0 ? "" : "\n").update(line);
    bytes += line.length;
  }
  return { kind: noteKinds.torn, bytes, sha256: hash.digest("hex") };
}

function rotatedHead(disk: Disk, path: string): ChainHead | null {
  const last = rotatedFiles(disk, path).at(-1);
  return last === undefined ? null : withFile(disk, last, (fd) => tailOf(disk, fd).head);
}

/** A chain that ends before `expect` was cut: it goes on behind `expect`, and the gap stays to be seen. */
function against(expect: ChainHead, found: Tail): Tail {
  const { head } = found;
  const isCut = head.seq < expect.seq || (head.seq === expect.seq && head.hash !== expect.hash);
  if (!isCut) return found;
  const from = Math.min(head.seq + 1, expect.seq);
  const gap = { kind: noteKinds.gap, from, to: expect.seq };
  return { ...found, head: expect, notes: [...found.notes, gap] };
}
