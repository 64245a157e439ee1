/** Passes on the head of a stream, keeps its tail, forgets what lies between: 1 GB costs as much as 1 MB. */

export interface Cut {
  readonly add: (chunk: Buffer) => void;
  readonly totalBytes: () => number;
  /** What comes after the head, or the last of it. */
  readonly tail: () => Buffer;
}

export function createCut(
  bytes: { readonly head: number; readonly tail: number },
  pass: (chunk: Buffer) => void,
): Cut {
  let total = 0;
  let last: Buffer = Buffer.alloc(0);
  return {
    add(chunk) {
      const room = Math.max(0, bytes.head - total);
      total += chunk.length;
      if (room > 0) pass(chunk.subarray(0, room));
      const rest = chunk.subarray(room);
      if (rest.length > 0)
        last = Buffer.concat([last, rest.subarray(-bytes.tail)]).subarray(-bytes.tail);
    },
    totalBytes: () => total,
    tail: () => last,
  };
}
