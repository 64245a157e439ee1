/** LZ4 blocks: what was packed comes back, and nothing else does anything. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { lz4Framed, lz4Raw } from "../../src/data/lz4.ts";

const lengthBytes = (length: number): number[] => {
  if (length < 15) return [];
  const rest = length - 15;
  return [...Array<number>(Math.floor(rest / 255)).fill(255), rest % 255];
};

/** Greedy, of any match that it sees in the last few bytes. */
function pack(plain: Uint8Array): Uint8Array {
  const out: number[] = [];
  let start = 0;
  const emit = (end: number, match: { offset: number; length: number } | null): void => {
    const literals = plain.subarray(start, end);
    const [a, b] = [Math.min(15, literals.length), match === null ? 0 : match.length - 4];
    out.push((a << 4) | Math.min(15, b), ...lengthBytes(literals.length), ...literals);
    if (match !== null) out.push(match.offset & 255, match.offset >> 8, ...lengthBytes(b));
  };
  for (let at = 1; at + 5 < plain.length; ) {
    const found = matchAt(plain, at);
    if (found === null) at += 1;
    else {
      emit(at, found);
      at += found.length;
      start = at;
    }
  }
  emit(plain.length, null);
  return Uint8Array.from(out);
}

function matchAt(plain: Uint8Array, at: number): { offset: number; length: number } | null {
  for (const offset of [1, 2, 3, 7, 300]) {
    let length = 0;
    while (offset <= at && at + length < plain.length - 5) {
      if (plain[at + length] !== plain[at + length - offset]) break;
      length += 1;
    }
    if (length >= 4) return { offset, length };
  }
  return null;
}

const framed = (parts: readonly Uint8Array[]): Uint8Array => {
  const all = parts.map((plain) => {
    const packed = pack(plain);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(plain.length, 0);
    head.writeUInt32BE(packed.length, 4);
    return Buffer.concat([head, packed]);
  });
  return Buffer.concat(all);
};

const texts = fc.oneof(
  fc.uint8Array({ maxLength: 800 }),
  fc
    .array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 700 })), {
      maxLength: 6,
    })
    .map((runs) => Uint8Array.from(runs.flatMap(([byte, count]) => Array(count).fill(byte)))),
);

it("unpacks what was packed, bare and in frames", () => {
  fc.assert(
    fc.property(texts, texts, (one, two) => {
      expect(lz4Raw(pack(one), one.length)).toEqual(one);
      const both = Uint8Array.from([...one, ...two]);
      expect(lz4Framed(framed([one, two]), both.length)).toEqual(both);
      // As old writers left it.
      if (one.length > 0) expect(lz4Framed(pack(one), one.length)).toEqual(one);
    }),
  );
});

it("ends with a reason, or with as many bytes as were announced, whatever it is given", () => {
  fc.assert(
    fc.property(texts, fc.nat(), fc.nat(255), fc.nat(2000), (plain, at, byte, length) => {
      const packed = pack(plain);
      packed[at % packed.length] = byte;
      for (const unpack of [lz4Raw, lz4Framed])
        try {
          expect(unpack(packed, length)).toHaveLength(length);
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          expect(error.message).toBe("its LZ4 blocks are damaged");
        }
    }),
  );
});

it.each([
  ["a match before the beginning", [0x10, 97, 5, 0, 0]],
  ["an offset of nothing", [0x10, 97, 0, 0, 0]],
  ["a length without an end", [0xf0, 255, 255, 255]],
  ["more literals than there are", [0x50, 97]],
  ["a match without an offset", [0x14, 97]],
  ["more than announced", [0x1f, 97, 1, 0, 255, 255, 0, 0]],
  ["less than announced", [0x10, 97]],
  ["nothing", []],
])("refuses %s", (_, bytes) => {
  expect(() => lz4Raw(Uint8Array.from(bytes), 100)).toThrow("damaged");
});
