/** Nothing is lost when texts are cut for a window. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  halfOf,
  mostBytesFor,
  packed,
  piecesOf,
  roomFor,
  split,
} from "../../../src/tools/roles/parts.ts";

const texts = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 400 }),
  fc.string({ unit: fc.constantFrom("a", "\n", "я", "語", "😀"), maxLength: 400 }),
);

test("pieces are the text, none too large, and no character is cut", () => {
  fc.assert(
    fc.property(texts, fc.integer({ min: 8, max: 200 }), (text, bytes) => {
      const pieces = piecesOf(text, bytes);
      expect(pieces.join("")).toBe(text);
      for (const piece of pieces) {
        expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(bytes);
        if (text.isWellFormed()) expect(piece.isWellFormed()).toBe(true);
        expect(piece).not.toBe("");
      }
    }),
  );
});

test("lines stay whole where they are short", () => {
  const lines = Array.from({ length: 50 }, (_, at) => `line ${at}\n`);
  for (const piece of piecesOf(lines.join(""), 60)) expect(piece.endsWith("\n")).toBe(true);
});

test("packs hold everything in order, and fit", () => {
  const parts = fc.array(fc.record({ title: fc.string({ maxLength: 20 }), text: texts }), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(parts, (given) => {
      const room = 6000;
      const packs = packed(split(given, room), room);
      expect(
        packs
          .flat()
          .map(({ text }) => text)
          .join(""),
      ).toBe(given.map(({ text }) => text).join(""));
      for (const pack of packs)
        expect(
          Buffer.byteLength(pack.map(({ text, title }) => text + title).join("")),
        ).toBeLessThanOrEqual(room);
    }),
  );
});

test("a piece says which it is", () => {
  const [first, second] = split([{ title: "/a", text: "x".repeat(9000) }], 6000);
  expect(first?.title).toBe("/a (part 1 of 2)");
  expect(second?.title).toBe("/a (part 2 of 2)");
});

test("room grows with the window, has an end, and can be halved only so often", () => {
  expect(roomFor(16_000)).toBeGreaterThan(16_000);
  expect(roomFor(16_000)).toBeLessThan(16_000 * 2.5);
  expect(roomFor(null)).toBe(roomFor(32_768));
  expect(roomFor(10_000_000)).toBe(500_000);
  expect(mostBytesFor(null)).toBe(64 * roomFor(null));
  expect(mostBytesFor(10_000_000)).toBe(16 * 1024 * 1024);
  let times = 0;
  for (let room: number | null = 500_000; room !== null; room = halfOf(room)) times += 1;
  expect(times).toBeLessThan(10);
});
