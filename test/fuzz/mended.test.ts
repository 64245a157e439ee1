/** What fuzzing found, and must not come back. */
import { expect, it } from "vitest";
import { parseMemory } from "../../src/config/grammar.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { parseContract } from "../../src/contract/parse.ts";
import { checkSkill } from "../../src/skill/parse.ts";
import { decodeTask } from "../../src/task/codec.ts";
import { loadYaml } from "../../src/task/yaml.ts";

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
