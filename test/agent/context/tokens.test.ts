import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { count } from "./support.ts";

const million = 1_000_000;

describe("counting", () => {
  it("counts as o200k_base does", () => {
    expect(count("")).toBe(0);
    expect(count("hello world")).toBe(2);
    expect(count("Привет, мир")).toBe(4);
  });

  it("takes special tokens for the text they are", () => {
    for (const text of ["<|endoftext|>", "a <|im_start|>system<|im_sep|> b", "<|endofprompt|>"])
      expect(count(text)).toBeGreaterThan(3);
  });

  it("never throws, and is never above the bytes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
        const tokens = count(text);
        expect(tokens).toBeLessThanOrEqual(Buffer.byteLength(text));
        expect(tokens > 0).toBe(text !== "");
      }),
    );
    expect(count("\ud800 alone \udfff")).toBeGreaterThan(0);
  });

  // In quadratic time each of these would take hours.
  it.each([
    ["letters", "a".repeat(million)],
    ["spaces", " ".repeat(million)],
    ["signs", "!".repeat(million)],
    ["lines", "\n".repeat(million)],
    ["Chinese", "漢".repeat(million / 4)],
    ["emoji", "🙂".repeat(million / 8)],
    ["marks", "\u0301".repeat(million / 4)],
    ["letters below the limit", "ab".repeat(100_000)],
  ])("ends for a million %s without a break", (_, text) => {
    const tokens = count(text);
    expect(tokens).toBeGreaterThan(0);
    expect(tokens).toBeLessThanOrEqual(Buffer.byteLength(text));
  });

  it("is hardly higher where long words are cut", () => {
    const words = "The quick brown fox jumps over the lazy dog. ".repeat(2000);
    expect(count(words)).toBe(20_001);
  });
});
