/** The tables of attacks are whole, and docs/attacks.md says what they say. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { attempts } from "./attempts.ts";
import { page } from "./document.ts";
import { agentStories, senderStories } from "./stories.ts";

test("docs/attacks.md is written from the tables: node test/attack/document.ts >docs/attacks.md", () => {
  const file = join(import.meta.dirname, "../../docs/attacks.md");
  expect(readFileSync(file, "utf8")).toBe(page());
});

test("no two attempts have one name, and each is made from somewhere", () => {
  const names = [...attempts, ...agentStories, ...senderStories].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(attempts.filter(({ from }) => from.length === 0)).toEqual([]);
  expect(attempts.at(-1)?.name).toBe("become root");
});
