/** The tables of attacks are whole, and docs/attacks.md says what they say. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createParser } from "../../src/steward/request.ts";
import { attempts } from "./attempts.ts";
import { page } from "./document.ts";
import { greedy, stewardVerbs } from "./greedy.ts";
import { shown } from "./shown.ts";
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

test("every command of con is asked to show what agents said, or says why not", () => {
  const source = readFileSync(join(import.meta.dirname, "../../src/con.ts"), "utf8");
  const verbs = [...source.matchAll(/^ {2}(\w+): \(\) => import\("\.\/commands\//gm)].map(
    ([, verb]) => verb,
  );
  expect(verbs.length).toBeGreaterThan(30);
  expect(Object.keys(shown).sort()).toEqual(verbs.sort());
});

test("every verb of the steward is asked for, well formed, by who may not", () => {
  const requests = greedy("01890a5d-ac96-774b-bcce-b302099a8057");
  expect(Object.keys(requests).sort()).toEqual(stewardVerbs().sort());
  const parse = createParser();
  const wrong = Object.values(requests)
    .map((one) => ({ version: 1, why: "", incident: null, ...one }))
    .map((one) => [one, parse(Buffer.from(JSON.stringify(one)))] as const)
    .filter(([, parsed]) => !parsed.ok);
  expect(wrong).toEqual([]);
});
