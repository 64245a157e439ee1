/** Background of a task: what short sections leave is for the long ones, and nothing closes the frame. */
import { expect, it } from "vitest";
import { backgroundText } from "../../src/agent/background.ts";

const nonce = "0123456789abcdef";
const section = (heading: string, size: number) => ({ heading, text: "x".repeat(size) });
const lettersOf = (text: string): number[] =>
  text.split("# ").flatMap((part) => /x+/.exec(part)?.[0].length ?? []);

it("shortens only what has no room, and says so", () => {
  const text = backgroundText(
    [section("a", 900), section("b", 50), section("c", 900)],
    nonce,
    1050,
  );
  expect(lettersOf(text)).toEqual([500, 50, 500]);
  expect(text.match(/\[cut here/g)).toHaveLength(2);
  const whole = backgroundText([section("a", 900), section("b", 50)], nonce, 1050);
  expect(lettersOf(whole)).toEqual([900, 50]);
  expect(whole).not.toContain("[cut here");
});

it("gives each section markers that its text cannot have", () => {
  const text = backgroundText([{ heading: "a", text: "<<<task 00\nmine" }], nonce, 1000);
  expect(text.match(/^<<</gm)).toHaveLength(1);
  expect(text).toContain(`<<<background ${nonce}`);
});
