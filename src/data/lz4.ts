/**
 * LZ4 blocks, as Parquet has them: bare (LZ4_RAW), and framed as Hadoop does (LZ4). Pure.
 *
 * Never: writes or reads beyond what it was given, or makes more than was announced. Throws RangeError for what is no
 * such block, also for one that ends early.
 */

/** Every match is longer by so much than it says. */
const minMatch = 4;

export function lz4Raw(input: Uint8Array, length: number): Uint8Array {
  const output = new Uint8Array(length);
  if (block(input, output) !== length) throw damaged();
  return output;
}

/**
 * Frames of two lengths (big-endian: of the plain bytes, of the packed ones) and a block each. Old writers left them out:
 * what is framed is known by its lengths, which a bare block meets by no accident.
 */
export function lz4Framed(input: Uint8Array, length: number): Uint8Array {
  const parts = framesIn(input, length);
  if (parts === null) return lz4Raw(input, length);
  const output = new Uint8Array(length);
  let at = 0;
  for (const { bytes, plain } of parts) {
    if (block(bytes, output.subarray(at, at + plain)) !== plain) throw damaged();
    at += plain;
  }
  return output;
}

interface Frame {
  readonly bytes: Uint8Array;
  readonly plain: number;
}

const headBytes = 8;

/** Null where the lengths do not fit together. */
function framesIn(input: Uint8Array, length: number): Frame[] | null {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const frames: Frame[] = [];
  let at = 0;
  let left = length;
  while (at < input.length) {
    if (input.length - at < headBytes) return null;
    const plain = view.getUint32(at);
    const packed = view.getUint32(at + 4);
    at += headBytes;
    if (packed > input.length - at || plain > left) return null;
    frames.push({ bytes: input.subarray(at, at + packed), plain });
    at += packed;
    left -= plain;
  }
  return left === 0 ? frames : null;
}

/** How many bytes were written. */
function block(input: Uint8Array, output: Uint8Array): number {
  let from = 0;
  let to = 0;
  const byte = (): number => {
    const value = input[from];
    if (value === undefined) throw damaged();
    from += 1;
    return value;
  };
  /** Of a length that does not fit into half a byte. */
  const longer = (start: number): number => {
    let sum = start;
    if (start < 15) return sum;
    for (let more = 255; more === 255; sum += more) more = byte();
    return sum;
  };
  while (from < input.length) {
    const token = byte();
    const literals = longer(token >> 4);
    if (literals > input.length - from || literals > output.length - to) throw damaged();
    output.set(input.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    // The last one has no match.
    if (from === input.length) return to;
    const offset = byte() | (byte() << 8);
    const match = longer(token & 15) + minMatch;
    if (offset === 0 || offset > to || match > output.length - to) throw damaged();
    // It may reach into what it writes itself.
    for (const end = to + match; to < end; to++) output[to] = output[to - offset] as number;
  }
  return to;
}

const damaged = (): RangeError => new RangeError("its LZ4 blocks are damaged");
