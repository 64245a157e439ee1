/**
 * What goes over the socket of the throw-away sandbox: frames of one letter, a length and bytes. Pure.
 *
 * Only the two ends write frames. What the code prints travels inside of them, so that it can say what it
 * likes and make none. Never: holds more than the reader's bound allows.
 */

/**
 * `h` header of a request (JSON), `b` bytes that a header names, `o` `e` standard output and error as they come,
 * `O` `E` their ends when the middle was left out, `r` what came of it (JSON), followed by its `b`.
 */
export const kinds = ["h", "b", "o", "e", "O", "E", "r"] as const;
export type FrameKind = (typeof kinds)[number];

const headBytes = 5;

/** The other end does not speak this, or says too much. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

export function frame(kind: FrameKind, bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes);
  head.write(kind, 0, "latin1");
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

export const jsonFrame = (kind: FrameKind, value: unknown): Buffer =>
  frame(kind, Buffer.from(JSON.stringify(value)));

export interface FrameReader {
  /** Throws a FrameError for what is no frame. */
  readonly add: (chunk: Buffer) => void;
}

/** `most` is asked at the head of each frame how long it may be; null = no such frame now. */
export function createFrameReader(
  most: (kind: FrameKind) => number | null,
  take: (kind: FrameKind, bytes: Buffer) => void,
): FrameReader {
  let parts: Buffer[] = [];
  let held = 0;
  const read = (count: number): Buffer => {
    const all = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    parts = [all.subarray(count)];
    held -= count;
    return all.subarray(0, count);
  };
  let expected: { readonly kind: FrameKind; readonly length: number } | null = null;
  return {
    add(chunk) {
      parts.push(chunk);
      held += chunk.length;
      for (;;) {
        if (expected === null) {
          if (held < headBytes) return;
          expected = headOf(read(headBytes), most);
        }
        if (held < expected.length) return;
        const { kind, length } = expected;
        expected = null;
        take(kind, read(length));
      }
    },
  };
}

function headOf(
  head: Buffer,
  most: (kind: FrameKind) => number | null,
): { kind: FrameKind; length: number } {
  const kind = kinds.find((one) => one === head.toString("latin1", 0, 1));
  const length = head.readUInt32BE(1);
  const limit = kind === undefined ? null : most(kind);
  if (kind === undefined || limit === null) throw new FrameError("it is no frame of this moment");
  if (length > limit) throw new FrameError(`a frame of ${length} bytes is longer than ${limit}`);
  return { kind, length };
}
