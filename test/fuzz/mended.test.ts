/** What fuzzing found, and must not come back. */
import { expect, it } from "vitest";
import { parseMemory } from "../../src/config/grammar.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { parseContract } from "../../src/contract/parse.ts";
import { createSseParser } from "../../src/model/sse.ts";
import { checkSkill } from "../../src/skill/parse.ts";
import { decodeTask, encodeTask } from "../../src/task/codec.ts";
import { readSimple } from "../../src/task/front-matter.ts";
import { loadYaml } from "../../src/task/yaml.ts";
import { plainName } from "../../src/tools/web/keep.ts";

const shapes: readonly string[] = ["[", "{a: ", "- ", "t: ", "? ", "[shell, t: "].map(
  (part) => `x: ${part.repeat(4000)}`,
);
const system = {
  path: "con.yaml",
  text: "system: {front_desk: desk}\nmodels: {smart: [builtin/reflex]}\n",
};
const desk = {
  path: "agents.d/desk.yaml",
  text: "name: desk\ndescription: d\ntier: worker\nmodel: smart\n",
};

it.each(shapes)("what is nested without end costs its agent and nobody else, %#", (text) => {
  const other = { path: "agents.d/deep.yaml", text };
  const { config, problems } = parseConfig({ system, agents: [desk, other] });
  expect(config?.agents.map(({ name }) => name)).toEqual(["desk"]);
  expect(problems.map(({ file }) => file)).toContain(other.path);
});

it.each(shapes)("such a contract, and such a skill, are refused with a reason, %#", (text) => {
  const { contract, problems } = parseContract({ path: "/c/x.yaml", text });
  expect([contract, problems.length > 0]).toEqual([null, true]);
  const files = new Map([["SKILL.md", Buffer.from(`---\n${text}\n---\nDo.\n`)]]);
  expect(checkSkill("boil", files)).toMatchObject({ head: null, problems: [{ file: "SKILL.md" }] });
});

it("tags in front matter make nothing but texts, lists and maps", async () => {
  const parseYaml = await loadYaml();
  for (const value of ["!!binary aGk=", "!!set {a, b}", "!!timestamp 2027-01-31", "!!int 5"]) {
    const bytes = Buffer.from(`---\nnote: ${value}\n---\nwork\n`);
    expect(decodeTask(bytes, { maxBytes: 1000, parseYaml }), value).toMatchObject({ ok: false });
  }
});

it("a size is one that a number is exact for", () => {
  expect(parseMemory("9999999G")).toBeNull();
  expect(parseMemory("2048G")).toBe(2 ** 41);
});

it.each(["note: {b}", "note: {a: , c: [ ]}", "{b}", "note:"])(
  "what is not there is the empty text: %s",
  async (front) => {
    const options = { maxBytes: 1000, parseYaml: await loadYaml() };
    const found = decodeTask(Buffer.from(`---\n${front}\n---\nwork\n`), options);
    if (!found.ok) throw new Error(found.why);
    const again = decodeTask(encodeTask(found.request, { endMarker: true }), options);
    expect(again).toMatchObject({ ok: true, request: found.request });
    expect(JSON.stringify(found.request.extra)).not.toContain("null");
  },
);

it("a key that YAML finds too long, and a lone carriage return, are left to YAML", async () => {
  expect(readSimple(`${"k".repeat(1025)}: x`)).toBeNull();
  expect(readSimple("\r")).toBeNull();
  expect(readSimple("a: b\r\n")).toEqual(new Map([["a", "b"]]));
});

it("a row of spaces costs no more the longer it is", () => {
  // By the square of its length it would take longer than a test may.
  expect(readSimple(`a: b${" ".repeat(1 << 20)}c`)).toBeNull();
  expect(readSimple(`a: b${" ".repeat(1 << 20)}\n`)).toEqual(new Map([["a", "b"]]));
});

it("a name of a server costs no more the longer it is", () => {
  // By the square of its length it would take longer than a test may.
  expect(plainName(`${".".repeat(1 << 20)}x.pdf`)).toBe("x.pdf");
});

it("an event of a stream costs no more the smaller its portions are", () => {
  // By the square of its length it would take longer than a test may.
  const parse = createSseParser();
  const event = `data: ${"x".repeat(1 << 20)}\r\n`;
  const payloads = [...event].flatMap((one) => parse(one));
  expect(payloads.map((one) => one.length)).toEqual([1 << 20]);
  expect(() => {
    for (let i = 0; i < 5; i++) parse("y".repeat(1 << 20));
  }).toThrow("too large");
});
