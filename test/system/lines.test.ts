/** Lines out of bytes, however they are cut. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { createLines } from "../../src/system/lines.ts";

function read(most: number, chunks: readonly Buffer[]) {
  const take = createLines(most);
  const found = chunks.map((chunk) => take(chunk));
  return {
    lines: found.flatMap(({ lines }) => lines.map(String)),
    tooLong: found.filter(({ isTooLong }) => isTooLong).length,
  };
}

test("the same lines come out, wherever the bytes are cut", () => {
  const line = fc.string({ maxLength: 12 }).map((text) => text.replaceAll("\n", ""));
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(40)), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((one) => `${one}\n`).join(""));
      const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b)];
      const chunks = [...at, bytes.length]
        .slice(1)
        .map((to, index) => bytes.subarray(at[index], to));
      expect(read(100, chunks)).toEqual({ lines, tooLong: 0 });
    }),
  );
});

test("a line that is too long is passed over and said once, and the next one is whole", () => {
  const bytes = [..."a\nbbbbbbbb\ncccc\nd\n"].map((one) => Buffer.from(one));
  expect(read(4, bytes)).toEqual({ lines: ["a", "cccc", "d"], tooLong: 1 });
  expect(read(4, [Buffer.concat(bytes)])).toEqual({ lines: ["a", "cccc", "d"], tooLong: 1 });
  expect(read(4, [Buffer.from("12345"), Buffer.from("6"), Buffer.from("\n12345\n")])).toEqual({
    lines: [],
    tooLong: 2,
  });
});
