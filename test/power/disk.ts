/**
 * A disk with a volatile write cache, as drives have one: what was written is read back at once, but lies on the disk
 * only after a flush. `cut` is the loss of power: of every block that was written since the last flush any of its
 * versions stays, the oldest included, each block by itself, so order between blocks is lost too.
 *
 * A block of 4096 bytes is written whole or not at all, which is what drives with such sectors promise. Never: syncs
 * the file itself; the machine under us is not the one whose power is cut.
 */
import fs from "node:fs";

export const blockSize = 4096;

export interface Lost {
  /** Blocks that were written and not flushed. */
  readonly open: number;
  /** Of these: those that are not as they were written last. */
  readonly lost: number;
}

export interface CachedDisk {
  readonly size: number;
  readonly read: (offset: number, length: number) => Buffer;
  readonly write: (offset: number, bytes: Uint8Array) => void;
  readonly flush: () => void;
  readonly cut: (random: () => number) => Lost;
  readonly close: () => void;
}

export function openCachedDisk(path: string): CachedDisk {
  const fd = fs.openSync(path, "r+");
  const { size } = fs.fstatSync(fd);
  /** Versions of a block since the last flush, the latest last. */
  const cache = new Map<number, Buffer[]>();

  function stored(block: number): Buffer {
    const bytes = Buffer.alloc(blockSize);
    fs.readSync(fd, bytes, 0, blockSize, block * blockSize);
    return bytes;
  }
  const current = (block: number): Buffer => cache.get(block)?.at(-1) ?? stored(block);

  function read(offset: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    fs.readSync(fd, bytes, 0, length, offset);
    for (const [block, from, to] of blocksOf(offset, length)) {
      const latest = cache.get(block)?.at(-1);
      latest?.copy(bytes, block * blockSize + from - offset, from, to);
    }
    return bytes;
  }

  function write(offset: number, bytes: Uint8Array): void {
    for (const [block, from, to] of blocksOf(offset, bytes.length)) {
      const begin = block * blockSize + from - offset;
      const part = bytes.subarray(begin, begin + to - from);
      const next = to - from === blockSize ? Buffer.from(part) : Buffer.from(current(block));
      next.set(part, from);
      const versions = cache.get(block);
      if (versions === undefined) cache.set(block, [next]);
      else versions.push(next);
    }
  }

  const store = (block: number, bytes: Uint8Array): void => {
    fs.writeSync(fd, bytes, 0, blockSize, block * blockSize);
  };

  function flush(): void {
    for (const [block, versions] of cache) store(block, versions.at(-1) ?? stored(block));
    cache.clear();
  }

  /** Power fails while much, little or nothing of the cache has been written back: `share` differs from cut to cut. */
  function cut(random: () => number): Lost {
    const share = random();
    let lost = 0;
    for (const [block, versions] of cache) {
      const isLatest = random() < share;
      const pick = isLatest ? versions.length - 1 : Math.floor(random() * versions.length) - 1;
      const kept = versions[pick];
      if (kept !== undefined) store(block, kept);
      if (pick !== versions.length - 1) lost += 1;
    }
    const open = cache.size;
    cache.clear();
    return { open, lost };
  }

  return { size, read, write, flush, cut, close: () => fs.closeSync(fd) };
}

/** Each block that a range touches, with the part of it: from, to. */
function* blocksOf(offset: number, length: number): Generator<[number, number, number]> {
  for (let at = offset; at < offset + length; ) {
    const block = Math.floor(at / blockSize);
    const from = at - block * blockSize;
    const to = Math.min(blockSize, from + offset + length - at);
    yield [block, from, to];
    at = block * blockSize + to;
  }
}
