/** Turns good input into almost good input: the bytes of a corpus, cut, doubled, mixed and spoilt. Pure. */
import type { Random } from "./random.ts";

/** Beyond this nothing is made: a target says itself what it does with more. */
const maxBytes = 64 * 1024;

/** What parsers of text stumble over. */
const evil: readonly Uint8Array[] = [
  "\0 \n \r\n \u001b[31m \ufeff \u2028 \u202e __proto__ constructor toString null true -1 1e400 NaN",
  "\" \\ ' ` $ { } [ ] ( ) : - --- ... & * ! % @ , # | > ? ~ / // .. ../ 9007199254740993 0x1f",
]
  .flatMap((line) => line.split(" "))
  .map((word) => Buffer.from(word))
  .concat(
    [0xff, 0xc0, 0x80].map((byte) => Buffer.from([byte])),
    Buffer.from([0xed, 0xa0, 0x80]),
  );

type Change = (bytes: Buffer, random: Random, others: readonly Uint8Array[]) => Buffer;

const at = (bytes: Buffer, random: Random): number => random.int(bytes.length + 1);

const put = (bytes: Buffer, where: number, what: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, where), what, bytes.subarray(where)]);

function part(bytes: Buffer, random: Random): Buffer {
  const from = at(bytes, random);
  return bytes.subarray(from, from + 1 + random.int(32));
}

const flip: Change = (bytes, random) => {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) copy[random.int(copy.length)] = random.int(256);
  return copy;
};
const insert: Change = (bytes, random) => put(bytes, at(bytes, random), random.pick(evil));
const borrow: Change = (bytes, random, others) =>
  put(bytes, at(bytes, random), part(Buffer.from(random.pick(others)), random));
const cut: Change = (bytes, random) => bytes.subarray(0, at(bytes, random));
const remove: Change = (bytes, random) => {
  const from = at(bytes, random);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 1 + random.int(16))]);
};
const double: Change = (bytes, random) => put(bytes, at(bytes, random), part(bytes, random));
const cross: Change = (bytes, random, others) => {
  const other = Buffer.from(random.pick(others));
  return Buffer.concat([bytes.subarray(0, at(bytes, random)), other.subarray(at(other, random))]);
};
/** One small piece very often: depth, length and number of everything. */
const swell: Change = (bytes, random) => {
  const piece = random.chance(2) ? Buffer.from(random.pick(evil)) : part(bytes, random);
  if (piece.length === 0) return bytes;
  const times = 1 + random.int(random.chance(20) ? maxBytes / piece.length : 64);
  return put(bytes, at(bytes, random), Buffer.concat(Array.from({ length: times }, () => piece)));
};

const changes: readonly Change[] = [
  ...[flip, flip, flip, insert, insert, insert, borrow, borrow, cut, remove, remove, double, cross],
];

/** One to six changes of one of `corpus`. */
export function mutate(random: Random, corpus: readonly Uint8Array[]): Buffer {
  let bytes = Buffer.from(random.pick(corpus));
  for (let count = 1 + random.int(random.chance(4) ? 6 : 2); count > 0; count -= 1)
    bytes = (random.chance(400) ? swell : random.pick(changes))(
      bytes,
      random,
      corpus,
    ) as typeof bytes;
  return bytes.subarray(0, maxBytes);
}
