/** JSON as models write it: what is no JSON is null, whatever it is. */
import { expect, test } from "vitest";
import { parseNearJson } from "../../src/model/near-json.ts";

test("what is nested beyond reason is no JSON, and throws nothing", async () => {
  const deep = 100_000;
  expect(await parseNearJson(`{"a":${"[".repeat(deep)}1,${"]".repeat(deep)},}`)).toBeNull();
});

test("a key of prototypes stays a plain key", async () => {
  const found = await parseNearJson('{"__proto__": {"ok": true}, "a": 1,}');
  expect(Object.keys(found?.parsed ?? {})).toEqual(["__proto__", "a"]);
  expect(Object.getPrototypeOf(found?.parsed ?? null)).toBe(Object.prototype);
});

test.each([
  '{"command": "awk {print}',
  '{"command": "find . -exec rm {}',
  "{'command': 'rm }",
  '{"path": "a", "lines": [{"text": "b"}',
])("what was cut is not completed, whatever it ends with: %s", async (raw) => {
  expect(await parseNearJson(raw)).toBeNull();
});

test.each([
  ['{"a": "{", "b": [1, 2,],}', { a: "{", b: [1, 2] }],
  ["{'a': 'x', b: 1}", { a: "x", b: 1 }],
  ['```json\n{"a": "say \\"}\\"",}\n```', { a: 'say "}"' }],
])("what is whole is read: %s", async (raw, expected) => {
  expect(await parseNearJson(raw)).toEqual({ parsed: expected });
});
