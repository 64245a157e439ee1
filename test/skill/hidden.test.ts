import { describe, expect, test } from "vitest";
import { hiddenCharacter } from "../../src/skill/hidden.ts";
import { checkSkill } from "../../src/skill/parse.ts";
import { faultIn } from "../../src/steward/proposals/texts.ts";

const code = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;

/** Each of these once passed in a skill and not in a proposal, or the other way round. */
const unseen = [
  ...["\u0000", "\u001b", "\u007f", "\u0085", "\u00ad", "\u034f", "\u061c", "\u115f", "\u17b4"],
  ...["\u180e", "\u200b", "\u200e", "\u2028", "\u202e", "\u2060", "\u2064", "\u2066", "\u2800"],
  ...["\u3164", "\ufe00", "\uffa0", "\ufff9", "\ue000", "\u{1d159}", "\u{e0041}", "\u{e0100}"],
  ...["\u{f0000}", "\u0378"],
];

describe.each(unseen.map((character) => [code(character), character]))("%s", (name, character) => {
  const text = `one\ntwo${character}three`;

  test("is found where it stands", () => {
    expect(hiddenCharacter(text)).toEqual({ line: 2, code: name });
  });

  test("is refused in a skill and in a proposal", () => {
    const skill = `---\nname: a\ndescription: b\n---\n${text}\n`;
    const { problems } = checkSkill("a", new Map([["SKILL.md", Buffer.from(skill)]]));
    expect(problems).toMatchObject([{ line: 6, why: expect.stringContaining(name) }]);
    const proposed = [{ path: "SKILL.md", content: skill }];
    expect(faultIn(proposed)).toBe(
      `SKILL.md: it holds ${name}, which people do not see: take it out`,
    );
  });
});

test.each([
  ["tabs and lines", "a\tb\nc\n"],
  ["accents, other scripts and mathematics", "é ß 日本語 العربية ∑ 😀"],
  ["a joiner that Persian needs", "می\u200cخواهم"],
  ["a joiner that an emoji needs", "👩\u200d💻 ❤\ufe0f"],
])("%s are seen", (_, text) => {
  expect(hiddenCharacter(text)).toBeNull();
});

test("what is taken for seen does not shift the line of what is not", () => {
  expect(hiddenCharacter("👩\u200d💻\nmore\n\u200b")).toEqual({ line: 3, code: "U+200B" });
});

test("a skill may come from where lines end with two characters", () => {
  const text = "---\r\nname: a\r\ndescription: b\r\n---\r\nHow.\r\n";
  const { head, problems } = checkSkill("a", new Map([["SKILL.md", Buffer.from(text)]]));
  expect([head?.name, problems]).toEqual(["a", []]);
});
