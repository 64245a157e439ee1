/** Which front matter is read without a YAML parser, and that the values are the same with one. */
import { describe, expect, it } from "vitest";
import { readSimple, writeEntry } from "../../src/task/front-matter.ts";
import { loadTypedYaml, loadYaml } from "../../src/task/yaml.ts";

const parseYaml = await loadYaml();
const parseTyped = await loadTypedYaml();
const simple = (text: string) => {
  const keys = readSimple(text);
  return keys === null ? null : Object.fromEntries(keys);
};

it.each<[string, object]>([
  ["", {}],
  ["thread: my invoices\npriority: high\n", { thread: "my invoices", priority: "high" }],
  ["thread: x  \r\n\r\nhops: 3\r\n", { thread: "x", hops: "3" }],
  ["x: y  \n \n", { x: "y" }],
  ["x: true\ny: null", { x: "true", y: "null" }],
  ['x: "a: \\"b\\""', { x: 'a: "b"' }],
  ['x: ["a", "true"]', { x: ["a", "true"] }],
  ["x: []", { x: [] }],
  ['done_when: [{"a":true,"b":1}]', { done_when: [{ a: true, b: 1 }] }],
  ['contract: {"checks":[],"rounds":2}', { contract: { checks: [], rounds: 2 } }],
])("%j needs no YAML parser, which would say the same", (text, values) => {
  expect(simple(text)).toEqual(values);
  expect(parseYaml(text) ?? {}).toEqual(values);
});

describe("what a YAML parser is asked about", () => {
  it.each<[string, object]>([
    ["x: y # comment", { x: "y" }],
    [" x: y", { x: "y" }],
    ["x: [1, a]", { x: ["1", "a"] }],
    ["x: [1]", { x: ["1"] }],
    ['x: ["a", 1]', { x: ["a", "1"] }],
    ['x: {"a": 1}', { x: { a: "1" } }],
    ["x: 'y'", { x: "y" }],
    ["x: -5", { x: "-5" }],
    ["x:", { x: "" }],
    ["x: {a}", { x: { a: "" } }],
    ["? x", { x: "" }],
    ["x: |\n  y\n  z\n", { x: "y\nz\n" }],
    ["a-b: y", { "a-b": "y" }],
    ["done_when: [1, true]\nx: true", { done_when: [1, true], x: "true" }],
    ["contract: {rounds: 0x2}", { contract: { rounds: 2 } }],
    // As text these are two keys.
    ["1: a\n0x1: b", { 1: "a", "0x1": "b" }],
  ])("is %j", (text, values) => {
    expect(simple(text)).toBeNull();
    expect(parseYaml(text)).toEqual(values);
  });

  it.each([
    ["x: y\nx: z", "Map keys must be unique at line 2, column 1:"],
    ['contract: {"a":1,"a":2}', "Map keys must be unique at line 1, column 18:"],
    [`${"k".repeat(1100)} : x`, "The : indicator must be at most 1024 chars after the start"],
    ["x: y\n---\nx: z", "multiple documents"],
    ["x: &a y\nz: *a", "Alias resolution is disabled"],
    ["x: !!binary aGk=", "Unresolved tag"],
    ["contract: {rounds: !!binary aGk=}", "Unresolved tag"],
  ])("%j is refused with one line that says where", (text, why) => {
    expect(simple(text)).toBeNull();
    expect(() => parseYaml(text)).toThrow(why);
    expect(() => parseTyped(text)).toThrow(/^.+$/);
  });

  it("is no map perhaps: the caller judges that", () => {
    expect(parseYaml("[done_when, b]")).toEqual(["done_when", "b"]);
    expect(parseYaml("done_when")).toBe("done_when");
    expect(parseYaml("# nothing")).toBeNull();
  });
});

it("a text that is all about what must hold tells true from text in every key", () => {
  expect(parseTyped('x: true\ny: "true"\nz: [1]')).toEqual({ x: true, y: "true", z: [1] });
});

it.each<[string, unknown]>([
  ["x", "\u007f\u0085\u2028\u2029\ufeff\ufffe\uffff"],
  ["a key: with\n what", "y"],
  ["x", ['"', "\\", "\u0000"]],
  ["contract", { "\u007f": [1.5, null, "\u2028"] }],
])("the entry %j: %j is one line that both readers understand", (key, value) => {
  const entry = writeEntry(key, value);
  expect(entry).not.toContain("\n");
  expect(parseYaml(entry)).toEqual({ [key]: value });
  expect(simple(entry) ?? { [key]: value }).toEqual({ [key]: value });
});
