/** README.md against the sources; test/image/readme.test.ts runs its commands. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readReadme, repository, shellBlocks } from "./readme.ts";

const readme = readReadme();

test("every shell block says where it runs, and there are some for each place", () => {
  const blocks = shellBlocks(readme);
  expect(new Set(blocks.map(({ where }) => where))).toEqual(new Set(["host", "container", "dev"]));
  expect(blocks.every(({ commands }) => commands.length > 0)).toBe(true);
});

test("a block that does not say where it runs is refused", () => {
  expect(() => shellBlocks("```sh\nls\n```\n")).toThrow("README.md:1: say where it runs");
  expect(shellBlocks("```sh host test\nmake \\\n  test\n# no\n```\n```\nx\n```")).toEqual([
    { line: 1, where: "host", isTest: true, commands: ["make test"] },
  ]);
});

/** Verbs in code: blocks, and `inline`. */
function wordsAfter(program: string): Set<string> {
  const code = [...readme.matchAll(/```[^\n]*\n([\s\S]*?)```|`([^`\n]+)`/g)];
  const pattern = new RegExp(`(?:^|[\\s"(;|])${program} ([a-z][a-z-]*)`, "gm");
  const texts = code.map((found) => found[1] ?? found[2] ?? "");
  return new Set(texts.flatMap((text) => [...text.matchAll(pattern)].map((hit) => hit[1] ?? "")));
}

test("every verb that README.md names is a command of con", () => {
  const source = readFileSync(join(repository, "src/con.ts"), "utf8");
  const verbs = new Set(
    [...source.matchAll(/^ {2}(\w+): \(\) => import\(/gm)].map((hit) => hit[1]),
  );
  const named = wordsAfter("con");
  expect(named.size).toBeGreaterThan(8);
  expect([...named].filter((verb) => !verbs.has(verb))).toEqual([]);
});

test("every target that README.md names is in the Makefile", () => {
  const makefile = readFileSync(join(repository, "Makefile"), "utf8");
  const targets = new Set([...makefile.matchAll(/^([a-z][a-z-]*):/gm)].map((hit) => hit[1]));
  const named = wordsAfter("make");
  expect(named.size).toBeGreaterThan(4);
  expect([...named].filter((target) => !targets.has(target))).toEqual([]);
});
