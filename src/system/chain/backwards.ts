/** Lines of a file from its end, in pieces: a file of any size costs only what is asked for. Reads only. */
import type { Disk } from "../disk.ts";

export interface TailLine {
  readonly bytes: Buffer;
  /** False for what stands behind the last newline. */
  readonly terminated: boolean;
  /** It is the first line of the file. */
  readonly first: boolean;
}

const pieceBytes = 64 * 1024;
const newline = 0x0a;

/**
 * The last line first. Stops without a word after `maxBytes`, so that one endless line fills no memory.
 * An empty rest behind the last newline is not a line.
 */
export function* linesBackwards(disk: Disk, fd: number, maxBytes: number): Generator<TailLine> {
  const size = Number(disk.stat(fd).size);
  let at = size;
  let rest: Buffer = Buffer.alloc(0);
  let isLast = true;
  while (at > 0 && size - at < maxBytes) {
    const from = Math.max(0, at - pieceBytes);
    rest = Buffer.concat([readExactly(disk, fd, from, at - from), rest]);
    at = from;
    for (let cut = rest.lastIndexOf(newline); cut >= 0; cut = rest.lastIndexOf(newline)) {
      const bytes = rest.subarray(cut + 1);
      if (!isLast || bytes.length > 0) yield { bytes, terminated: !isLast, first: false };
      isLast = false;
      rest = rest.subarray(0, cut);
    }
  }
  if (at === 0 && size > 0) yield { bytes: rest, terminated: !isLast, first: true };
}

function readExactly(disk: Disk, fd: number, from: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const count = disk.read(fd, bytes, done, from + done);
    // Shorter than fstat(2) said: somebody cut it just now, and what is missing reads as damage.
    if (count === 0) break;
    done += count;
  }
  return bytes;
}
