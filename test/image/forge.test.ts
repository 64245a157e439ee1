/**
 * The tool forge in the booted system, with a coder that is wrong first: forged, run, forged again wrongly and working
 * still; a poison for each stage, stopped there, and its cure behind it; a file that was changed after all of it.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { digestOf } from "../../src/system/layers/digest.ts";
import { fileOf } from "../support/layer-file.ts";
import { until } from "./scripted/model.ts";
import { startProvider, useProvider } from "./support/scripted.ts";
import { sharedContainer } from "./support/shared.ts";

const container = sharedContainer();
const agent = "smith";
const port = 18093;
const manifest = `/etc/con/agents.d/${agent}.yaml`;
const home = `/srv/con/agents/${agent}`;
const config = "/etc/con/con.yaml";

const number = { type: "integer", minimum: 0 };
const orderOf = (name: string, language = "python") => ({
  ...{ name, language, purpose: `The n-th Fibonacci number, for ${name}` },
  inputs: {
    type: "object",
    properties: { n: number },
    required: ["n"],
    additionalProperties: false,
  },
  output: { type: "object", properties: { value: number }, required: ["value"] },
  examples: [{ arguments: { n: 10 }, result: { value: 55 } }],
});

const python = (body: string): string => `import json, sys
n = json.load(sys.stdin)["n"]
a, b = 0, 1
for _ in range(n):
    a, b = b, a + b
${body}
`;
const right = python('print(json.dumps({"value": a}))');
const off = python('print(json.dumps({"value": b}))');
const node = `import fs from "node:fs";
let [a, b, { n }] = [0, 1, JSON.parse(fs.readFileSync(0, "utf8"))];
for (; n > 0; n -= 1) [a, b] = [b, a + b];
console.log(JSON.stringify({ value: a }));
`;
const shell = `read -r line
n=\${line//[^0-9]/}
a=0 b=1
for ((i = 0; i < n; i++)); do c=$((a + b)); a=$b; b=$c; done
printf '{"value": %d}\\n' "$a"
`;

const program = (code: string, dependencies: readonly string[] = []) => ({
  text: JSON.stringify({
    ...{ code, dependencies },
    tests: [{ arguments_json: '{"n": 7}', result_json: '{"value": 13}' }],
  }),
});

/** By a package that is a layer. */
const layers = "/var/lib/con/layers";
const steps = "def step(a, b):\n    return b, a + b\n";
const layer = digestOf([fileOf("python/steps.py", steps)]);
const layered = right
  .replace("import json", "import steps, json")
  .replace("b, a + b", "steps.step(a, b)");

/** Name → language, what the coder says first, the stage that stops it, what it says then, and with which packages. */
const poisons = {
  p_parse: ["node", program("const = 1;"), "parse", node],
  p_static: ["shell", program(`curl -s x\n${shell}`), "static", shell],
  p_import: ["python", program(`import numpy\n${right}`), "dependencies", right],
  p_listed: ["python", program(right, ["steps==2"]), "dependencies", layered, ["steps==1"]],
  p_tests: ["python", program(off), "tests", right],
  p_schema: ["python", program(python("print(a)")), "tests", right],
} as const;

const calls = (...made: readonly (readonly [string, object])[]) => ({
  tool_calls: made.map(([name, args]) => ({ name, arguments: args })),
});
const use = (name: string, args: object): readonly [string, object] => [
  "use_tool",
  { name: `forged.${name}`, arguments: args },
];

const script = [
  {
    when: "Write the tool forged.fibonacci in",
    // Wrong, right; then wrong for ever.
    turns: [{ attempts: [program(off), program(right), program(off)] }],
  },
  ...Object.entries(poisons).map(([name, [, poison, , cure, packages = []]]) => ({
    when: `Write the tool forged.${name} in`,
    turns: [{ attempts: [poison, program(cure, packages)] }],
  })),
  {
    when: "please forge",
    turns: [
      calls(["forge_tool", orderOf("fibonacci")]),
      calls(use("fibonacci", { n: 12 })),
      calls(use("fibonacci", { n: -1 })),
      calls(["forge_tool", orderOf("fibonacci")]),
      calls(use("fibonacci", { n: 30 })),
      { text: "ok" },
    ],
  },
  {
    when: "please poison",
    turns: [
      calls(
        ...Object.entries(poisons).map(
          ([name, [language]]) => ["forge_tool", orderOf(name, language)] as const,
        ),
      ),
      calls(...["p_parse", "p_static", "p_listed"].map((name) => use(name, { n: 20 }))),
      { text: "ok" },
    ],
  },
  {
    when: "please use",
    turns: [calls(use("fibonacci", { n: 12 }), use("p_tests", { n: 12 })), { text: "ok" }],
  },
  { when: "", turns: [{ text: "ready" }] },
];

beforeAll(async () => {
  await startProvider(container, { name: "forge", port, script, log: "/run/forge-requests.jsonl" });
  await container.must(["cp", "-p", config, "/run/forge-con.yaml"]);
  const aliases = "\\n  coder: [builtin/reflex]\\n  smithy: [builtin/reflex]";
  await container.must(["sed", "-i", `s|^models:$|models:${aliases}|`, config]);
  const packages = `forge: {packages: [{package: steps==1, language: python, layer: ${layer}}]}`;
  await container.must(["sed", "-i", `$a ${packages}`, config]);
  await container.must(["mkdir", "-p", `${layers}/${layer}/python`]);
  await container.copyIn(`${layers}/${layer}/python/steps.py`, steps, 0o644);
  const can = "can: {tools: [forge_tool, forged], models: [coder]}";
  const text = `name: ${agent}\ndescription: Makes tools\ntier: worker\nmodel: smithy\n${can}\n`;
  await container.copyIn(manifest, text);
  await useProvider(container, port, "coder,smithy");
});
afterAll(async () => {
  await container.must(["cp", "-p", "/run/forge-con.yaml", config]);
  await container.must(["rm", "-r", manifest, `${layers}/${layer}`]);
  await container.must(["con", "bootstrap", "--prune"]);
  await container.must(["systemctl", "stop", "forge-model.service"]);
});

/** What its tools said, in their order. */
async function ask(text: string): Promise<string[]> {
  const id = (await container.must(["con", "task", "-a", agent, text])).trim();
  await until(async () => {
    const found = await container.exec(["cat", `${home}/outbox/${id}.json`]);
    return found.code === 0 ? true : null;
  }, `the end of ${id}`);
  const find = ["find", home, "-name", `${id}.jsonl`, "-exec", "cat", "{}", "+"];
  return (await container.must(find))
    .split("\n")
    .filter((line) => line.includes('"kind":"tool-result"'))
    .map((line) => (JSON.parse(line) as { readonly text: string }).text);
}

const storyIn = async (text = ""): Promise<string> =>
  container.must(["cat", /\[the whole story: kept in (\S+)\]/.exec(text)?.[1] ?? ""]);

const con = (...argv: readonly string[]) =>
  container.exec(["con", "tool", ...argv, "--agent", agent, "--json"]);

test("Fibonacci: wrong, right, used, forged again wrongly, used", async () => {
  const [forged, used, refused, again, still] = await ask("please forge");
  expect(forged).toContain("forged.fibonacci version 1 is there: 2 tests passed, round 2 of 3");
  const story = await storyIn(forged);
  expect(story).toContain("It failed at the stage tests");
  expect(story).toContain('the result is {"value":89}, it should be {"value":55}');
  expect(used).toBe('{"value":144}');
  expect(refused).toContain("must be >= 0");
  expect(again).toContain("not forged after 3 rounds, the last one failed at the stage tests");
  expect(again).toContain("forged.fibonacci version 1 works as before");
  expect(still).toBe('{"value":832040}');
});

test("a poison is stopped at its stage, and its cure passes", async () => {
  const results = await ask("please poison");
  for (const [index, [name, [, , stage]]] of Object.entries(poisons).entries()) {
    expect(results[index]).toContain(`forged.${name} version 1 is there: 2 tests passed, round 2`);
    expect([name, await storyIn(results[index])]).toEqual([
      name,
      expect.stringContaining(`It failed at the stage ${stage}:`),
    ]);
  }
  expect(results.slice(-3)).toEqual(Array(3).fill('{"value":6765}'));
});

test("what was changed after it was registered does not run; people look, test and turn back", async () => {
  const code = `${home}/tools/versions/p_tests/1/code`;
  const listed = JSON.parse((await con("list")).stdout) as { tools: { name: string }[] };
  expect(listed.tools).toContainEqual(
    expect.objectContaining({ name: "fibonacci", version: 1, versions: [1], calls: 2 }),
  );
  expect(JSON.parse((await con("test", "p_tests")).stdout)).toMatchObject({ failures: [] });
  await container.must(["cp", "-p", code, "/run/forge-code"]);
  await container.must(["sed", "-i", "s/a + b/a - b/", code]);
  const [fine, changed] = await ask("please use");
  expect(fine).toBe('{"value":144}');
  expect(changed).toContain("forged.p_tests: version 1 is not what was registered");
  expect(await con("test", "p_tests")).toMatchObject({ code: 65 });
  await container.must(["cp", "-p", "/run/forge-code", code]);
  expect(await con("remove", "p_tests")).toMatchObject({ code: 0 });
  expect((await ask("please use"))[1]).toContain('there is no tool "forged.p_tests"');
  expect(JSON.parse((await con("rollback", "p_tests")).stdout)).toEqual({
    tool: "p_tests",
    version: 1,
  });
  expect((await ask("please use"))[1]).toBe('{"value":144}');
  const show = await container.must(["con", "tool", "show", "fibonacci", "--agent", agent]);
  expect(show).toContain("a, b = b, a + b");
});
