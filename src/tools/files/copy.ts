/** Copies an open file into a new one, on disk when it returns. Never: holds more than a chunk; leaves half a file. */
import fs, { constants } from "node:fs";

const chunkBytes = 1 << 20;
const createFlags =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

export interface Copying {
  /** Gets each chunk. */
  readonly seen?: (chunk: Uint8Array) => void;
  /** Of the new file; by default its owner's alone. Set where it is open: its name may be another's by then. */
  readonly mode?: number;
}

/** From the start of `from`. Gives back the number of bytes. */
export function copyBytes(
  from: number,
  to: string,
  { seen = () => undefined, mode }: Copying = {},
): number {
  const chunk = Buffer.alloc(chunkBytes);
  const fd = fs.openSync(to, createFlags, 0o600);
  try {
    let total = 0;
    for (;;) {
      const count = fs.readSync(from, chunk, 0, chunkBytes, total);
      if (count === 0) break;
      const part = chunk.subarray(0, count);
      seen(part);
      fs.writeFileSync(fd, part);
      total += count;
    }
    if (mode !== undefined) fs.fchmodSync(fd, mode);
    fs.fsyncSync(fd);
    return total;
  } catch (error) {
    fs.unlinkSync(to);
    throw error;
  } finally {
    fs.closeSync(fd);
  }
}
