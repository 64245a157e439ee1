import fc from "fast-check";
import { expect, test } from "vitest";
import { paint } from "../../src/commands/shared/io.ts";
import { nearest } from "../../src/commands/shared/nearest.ts";
import { duration, safeJson, safeText, table } from "../../src/commands/shared/text.ts";
import { makeIo } from "./support.ts";

const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom("\u001b", "\u009b", "\r", "\n", "\t", "\u0000", "\u202e", "\u2028", "a"),
    fc.string({ minLength: 1, maxLength: 1 }),
  ),
});

test("no text brings a control or reordering character to the terminal", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      expect(safeText(text)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e]/);
    }),
  );
});

test("JSON stays the same value and drives no terminal either", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      expect(JSON.parse(safeJson({ text }))).toEqual({ text });
      expect(safeJson({ text })).not.toMatch(
        /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e]/,
      );
    }),
  );
});

test("ordinary text stays as it is, with one newline at its end", () => {
  expect(safeText("a\tb\r\nç 漢 🙂\n\n")).toBe("a\tb\nç 漢 🙂\n");
});

test("tables are aligned, also with colours", () => {
  expect(
    table(
      ["A", "B"],
      [
        ["\u001b[31mred\u001b[39m", "x"],
        ["longer", "y"],
      ],
    ),
  ).toBe("A       B\n\u001b[31mred\u001b[39m     x\nlonger  y\n");
});

test("durations", () => {
  expect([500, 89_000, 91_000, 7_200_000, 400_000_000].map(duration)).toEqual([
    "1 s",
    "89 s",
    "2 min",
    "2 h",
    "5 d",
  ]);
});

test.each([
  ["statsu", "status"],
  ["resp", "responses"],
  ["taks", "task"],
  ["xyzzy", null],
])("%s means %s", (typed, meant) => {
  expect(nearest(typed, ["status", "task", "responses", "show"])).toBe(meant);
});

test("colours for a terminal only, and never with NO_COLOR", () => {
  const { io } = makeIo("/none", { terminal: { out: true, err: true } });
  expect(paint(io, "red", "x")).toBe("\u001b[31mx\u001b[39m");
  expect(paint({ ...io, env: { NO_COLOR: "1" } }, "red", "x")).toBe("x");
  expect(paint({ ...io, env: { TERM: "dumb" } }, "red", "x")).toBe("x");
  expect(paint({ ...io, terminal: { out: false, err: true } }, "red", "x")).toBe("x");
});
