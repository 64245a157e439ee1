/** A proposed change as people see it in a terminal: no line of it can stand where con's own words stand. */
import { expect, test } from "vitest";
import { changeText } from "../../src/commands/shared/change-text.ts";

const shown = (after: string): string[] =>
  changeText({
    ...{ target: "instructions", why: "learned", sha256: "0", tested: [] },
    origin: { task: "t", call: "1-1", from: "x", trust: "verified", tainted: false },
    files: [{ path: "AGENTS.md", before: null, after }],
  }).split("\n");

/** As a terminal of 80 columns wraps it. */
const wrapped = (line: string): string[] => line.match(/.{1,80}/gu) ?? [];

test.each([
  ["a long line", `${"x".repeat(200)}\n`],
  [
    "one that would wrap just before con's words",
    `${" ".repeat(76)}To decide: con approvals approve\n`,
  ],
  ["wide letters", `${"\u6f22".repeat(100)}\n`],
  ["tabs", `${"\t".repeat(30)}To decide\n`],
])("%s is folded behind its mark", (_, text) => {
  const lines = shown(text);
  const from = lines.indexOf("AGENTS.md (new file):") + 1;
  const own = lines.slice(from, -1);
  expect(
    own
      .flatMap((line) => wrapped(line.replaceAll("\t", " ".repeat(8))))
      .every((line) => /^ {2}\+[ ~]/.test(line)),
  ).toBe(true);
  // Nothing is left out.
  expect(own.map((line) => line.slice(4)).join("")).toBe(
    text.trimEnd() === "" ? text : text.slice(0, -1),
  );
});

test("a short line is as it is", () => {
  expect(shown("one\ntwo\n")).toEqual(expect.arrayContaining(["  + one", "  + two"]));
});
