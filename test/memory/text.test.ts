/** Words out of all kinds of text, and what cleaning leaves. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clean, fold, key, queryWords, words } from "../../src/memory/text.ts";

describe("words", () => {
  test.each([
    ["The naïve Café", ["the", "naive", "cafe"]],
    ["Ёлка и йод", ["елка", "и", "иод"]],
    ["parseHTTPReply2", ["parsehttpreply2", "parse", "http", "reply", "2"]],
    ["max_retry_count", ["maxretrycount", "max", "retry", "count"]],
    ["src/memory/open.ts:12", ["src", "memory", "open", "ts", "12"]],
    ["東京", ["東", "京", "東京"]],
    ["ＦＵＬＬ ｗｉｄｔｈ", ["full", "width"]],
    ["key 🔑 🇫🇷", ["key", "🔑", "🇫🇷"]],
    ['"; DROP *', ["drop"]],
    ["", []],
  ])("of %j", (text, expected) => {
    expect(words(text)).toEqual(expected);
  });

  test("of a question pair the signs of a script without spaces", () => {
    expect(queryWords("東京都")).toEqual(["東京", "京都"]);
    expect(queryWords("京")).toEqual(["京"]);
  });

  test("letters that people type with or without a mark are the same", () => {
    expect(fold("Ångström")).toBe(fold("angstrom"));
    expect(fold("が")).not.toBe(fold("か"));
  });

  test("of any text are not empty, and are the words of themselves", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        for (const word of words(text)) expect(word).not.toBe("");
      }),
    );
  });
});

describe("clean", () => {
  test("leaves any well-formed text as it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(clean(text)).toBe(text.replaceAll("\0", "\ufffd"));
      }),
    );
  });

  test("puts a sign in the place of what no column holds", () => {
    expect(clean("a\0b\ud800c")).toBe("a\ufffdb\ufffdc");
  });
});

test("keys tell different titles apart, in every script", () => {
  const titles = ["Пароли", "Пароль", "🔑", "🗝️", "密码", "密碼", "a/b", "a b"];
  expect(new Set(titles.map(key)).size).toBe(titles.length);
  expect(key("  Deploy\tWINDOW ")).toBe(key("deploy window"));
});
