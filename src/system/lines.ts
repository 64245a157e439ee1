/**
 * Whole lines of what comes in as bytes. Never: keeps more than `most` bytes of a line, or more than twice its bytes of
 * memory, however small the parts are that it comes in.
 */

export interface Lines {
  /** Without their ends. */
  readonly lines: readonly Buffer[];
  /** A line was longer than `most`; it is passed over up to its end. */
  readonly isTooLong: boolean;
}

const leastBytes = 4096;

export function createLines(most: number): (chunk: Buffer) => Lines {
  let kept: Buffer = Buffer.alloc(0);
  let length = 0;
  let isSkipping = false;

  function keep(bytes: Buffer): void {
    const wanted = length + bytes.length;
    if (wanted > kept.length) {
      const grown = Buffer.alloc(Math.max(wanted, Math.min(2 * kept.length, most), leastBytes));
      kept.copy(grown, 0, 0, length);
      kept = grown;
    }
    bytes.copy(kept, length);
    length = wanted;
  }

  function taken(end: Buffer): Buffer {
    const line = length === 0 ? end : Buffer.concat([kept.subarray(0, length), end]);
    [kept, length] = [Buffer.alloc(0), 0];
    return line;
  }

  return (chunk) => {
    const lines: Buffer[] = [];
    let isTooLong = false;
    let from = 0;
    const part = (to: number): Buffer | null => {
      const bytes = chunk.subarray(from, to);
      if (isSkipping || length + bytes.length <= most) return isSkipping ? null : bytes;
      [isSkipping, isTooLong, kept, length] = [true, true, Buffer.alloc(0), 0];
      return null;
    };
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const bytes = part(end);
      if (bytes !== null) lines.push(taken(bytes));
      isSkipping = false;
      from = end + 1;
    }
    const rest = part(chunk.length);
    if (rest !== null) keep(rest);
    return { lines, isTooLong };
  };
}
