/** What models said, as the strictest provider takes it back. */
import { expect, test } from "vitest";
import { uniqueIds, wireArguments, wireName } from "../../src/agent/wire.ts";

const called = (id: string) => ({ id, name: "look", arguments: "{}" });

test("an id that a model made up like ours is not given twice", () => {
  const ids = uniqueIds([], 5, [called("call_5_2"), called(""), called("")]).map(({ id }) => id);
  expect(new Set(ids).size).toBe(3);
  expect(ids).not.toContain("");
});

test("a name is one that a tool could have", () => {
  expect(wireName("functions.shell 1")).toBe("functions_shell_1");
  expect(wireName("")).toBe("unknown");
  expect(wireName("x".repeat(100))).toHaveLength(64);
});

test("arguments are Unicode", () => {
  expect(wireArguments('{"a":"\ud800"}')).toBe('{"a":"\ufffd"}');
});
