import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { noBudget, noMay } from "../../src/config/authority.ts";
import { noConstraints } from "../../src/config/grants.ts";
import { loadConfigFiles } from "../../src/config/load.ts";
import { type Parsed, parseConfig } from "../../src/config/parse.ts";

const system = "models: {fast: [builtin/reflex], smart: [builtin/reflex]}\n";
const desk = "name: concierge\ntier: operator\ndescription: front desk\n";

function parse(agents: Record<string, string>, con = system): Parsed {
  const files = Object.entries({ concierge: desk, ...agents });
  return parseConfig({
    system: { path: "con.yaml", text: con },
    agents: files.map(([name, text]) => ({ path: `agents.d/${name}.yaml`, text })),
  });
}

/** The problems of one manifest `x`, as `line:column key why`. */
const faults = (text: string): string[] =>
  parse({ x: text }).problems.map(
    ({ line, column, key, why }) => `${line}:${column} ${key} ${why}`,
  );

describe("shipped files", () => {
  test.each(["default", "minimal"])("profile %s has no problem", (profile) => {
    const { config, problems } = parseConfig(loadConfigFiles(`configs/${profile}`));
    expect(problems).toEqual([]);
    expect(config?.agents.length).toBeGreaterThan(0);
  });

  test.each(["con", "agent", "role"])("schema %s is a valid JSON Schema", (name) => {
    const schema = JSON.parse(readFileSync(`src/config/schema/${name}.schema.json`, "utf8"));
    const ajv = new Ajv2020();
    expect(ajv.validateSchema(schema)).toBe(true);
  });
});

test("what it may propose is its own instructions, skills, contracts and tools", () => {
  const text = (may: string): string => `name: x\ntier: worker\ndescription: d\nmay: ${may}\n`;
  const { config } = parse({ x: text("{propose: [skills, instructions, tools, contracts]}") });
  const propose = ["contracts", "instructions", "skills", "tools"];
  expect(config?.agents.find(({ name }) => name === "x")?.may).toEqual({ ...noMay, propose });
  const { problems } = parse({ x: text("{propose: [manifests]}") });
  expect(problems).toEqual([expect.objectContaining({ line: 4, why: '"manifests" does not fit' })]);
});

test("a manifest of name, tier and description gets every default", () => {
  const { config } = parse({ x: "name: x\ntier: worker\ndescription: d\n" });
  expect(config?.agents.find(({ name }) => name === "x")).toEqual({
    name: "x",
    description: "d",
    tier: "worker",
    roles: [],
    model: "fast",
    can: { task: [], read: [], write: [], network: [], tools: [], models: [] },
    constraints: noConstraints,
    spawn: null,
    may: noMay,
    approval: [],
    budget: noBudget,
    limits: {
      ...{ memory: "2G", cpu: "200%", tasks: 256, runtimeSeconds: 1800, steps: 100 },
      ...{ reviewEvery: 100, askAfter: 300 },
    },
    schedule: null,
    instructions: "",
  });
});

test("a configuration cannot be changed after it was parsed", () => {
  const agents = parse({}).config?.agents as unknown[];
  const [first] = agents as [{ can: { tools: string[] } }];
  expect(() => agents.push(1)).toThrow(TypeError);
  expect(() => first.can.tools.push("shell")).toThrow(TypeError);
  expect(() => Object.assign(first.can, { tools: [] })).toThrow(TypeError);
});

describe("one bad manifest", () => {
  test("leaves out its agent and nobody else, not even one that may task it", () => {
    const { config, problems } = parse({
      x: "name: x\ntier: king\ndescription: d\n",
      y: "name: y\ntier: worker\ndescription: d\ncan: {task: [x]}\n",
    });
    expect(config?.agents.map(({ name }) => name)).toEqual(["concierge", "y"]);
    expect(config?.excluded).toEqual(["x"]);
    expect(problems).toMatchObject([{ file: "agents.d/x.yaml", line: 2, column: 7, agent: "x" }]);
    expect(problems[0]?.remedy).toContain("officer, operator or worker");
  });

  test.each([
    [
      "unknown key",
      "name: x\ntier: worker\ndescription: d\nfoo: 1\n",
      "4:1 foo there is no key foo",
    ],
    [
      "empty runner",
      "name: x\ntier: worker\ndescription: d\nrunner: {}\n",
      "4:9 runner a runner is a program or a preset",
    ],
    ["duplicate key", "name: x\nname: x\n", "2:1  Map keys must be unique"],
    ["two documents", "name: x\n---\nname: y\n", "2:1  "],
    ["broken YAML", "name: [x\n", "2:1  "],
    ["not a map", "- x\n", "1:1  "],
    ["nothing", "", "1:1  it has no value"],
    [
      "other name",
      "name: y\ntier: worker\ndescription: d\n",
      "1:7 name y is not the name of the file",
    ],
    [
      "prototype",
      "name: x\ntier: worker\ndescription: d\n__proto__: {a: 1}\n",
      "4:1 __proto__ there is no key",
    ],
    ["unknown tag", "name: !!js/function x\ntier: worker\ndescription: d\n", "1:7  Unresolved tag"],
    [
      "unknown tool",
      "name: x\ntier: worker\ndescription: d\ncan: {tools: [sudo]}\n",
      '4:15 can.tools.0 "sudo" does not fit',
    ],
    [
      "unknown agent",
      "name: x\ntier: worker\ndescription: d\ncan: {task: [nobody]}\n",
      "4:14 can.task.0 there is no agent nobody",
    ],
    [
      "itself",
      "name: x\ntier: worker\ndescription: d\ncan: {task: [x]}\n",
      "4:14 can.task.0 an agent cannot",
    ],
    [
      "unknown model",
      "name: x\ntier: worker\ndescription: d\nmodel: gpt\n",
      "4:8 model there is no model alias gpt",
    ],
    [
      "specifier in a unit file",
      "name: x\ntier: worker\ndescription: d\nschedule: '%h'\n",
      '4:11 schedule "%h" does not fit',
    ],
    [
      "second line in a unit file",
      'name: x\ntier: worker\ndescription: d\nschedule: "daily\\nx=y"\n',
      "4:11 schedule ",
    ],
    [
      "line break in a description",
      'name: x\ntier: worker\ndescription: "a\\nb"\n',
      "3:14 description ",
    ],
    [
      "memory",
      "name: x\ntier: worker\ndescription: d\nlimits: {memory: 1M}\n",
      "4:18 limits.memory 1M is too little",
    ],
    [
      "runtime",
      "name: x\ntier: worker\ndescription: d\nlimits: {runtime: 25h}\n",
      "4:19 limits.runtime 25h is more",
    ],
  ])("%s is refused with its place", (_, text, expected) => {
    const found = faults(text);
    expect(found[0]).toContain(expected);
    expect(parse({ x: text }).config?.agents.map(({ name }) => name)).toEqual(["concierge"]);
  });

  test.each([
    ["/etc"],
    ["/"],
    ["/srv/con"],
    ["/srv/con/agents/concierge"],
    ["/srv/con/artifacts/../agents"],
    ["/srv/con/artifacts//x"],
    ["/srv/con/artifacts/x/"],
    ["/srv/con/artifactsx"],
    ["srv/con/artifacts"],
    ["/srv/con/artifacts/a b"],
    ["/srv/con/artifacts/%h"],
    ["/srv/con/artifacts/*"],
  ])("grant %s is refused", (path) => {
    const text = `name: x\ntier: worker\ndescription: d\ncan: {write: ["${path}"]}\n`;
    expect(faults(text)).toHaveLength(1);
  });

  test("an alias bomb is refused before it expands", () => {
    const levels = Array.from({ length: 12 }, (_, i) =>
      i === 0 ? "a0: &a0 [x, x]" : `a${i}: &a${i} [${`*a${i - 1}, `.repeat(9)}x]`,
    );
    expect(faults(levels.join("\n"))[0]).toContain("alias");
  });
});

test.each(["api.github.com:443", "10.0.0.0/8:22", "192.168.1.1:1", "[2001:db8::/32]:443", "*:443"])(
  "network target %s is accepted",
  (target) => {
    const text = `name: x\ntier: worker\ndescription: d\ncan: {network: ["${target}"]}\n`;
    expect(faults(text)).toEqual([]);
  },
);

test.each([
  "api.github.com",
  "api.github.com:0",
  "api.github.com:65536",
  "10.0.0.0/33:22",
  "1.2.3.256:22",
  "01.2.3.4:22",
  "[::/129]:1",
  "a b:1",
  "-x.org:1",
  "x.org:1 accept",
  "x; flush ruleset:1",
  "**:1",
])("network target %s is refused", (target) => {
  const text = `name: x\ntier: worker\ndescription: d\ncan: {network: ["${target}"]}\n`;
  expect(faults(text)).toHaveLength(1);
});

describe("a bad con.yaml leaves nothing to apply", () => {
  test.each([
    ["unknown provider", "models: {fast: [nope/x], smart: [builtin/reflex]}", "models.fast.0"],
    [
      "key in the URL",
      'providers: {a: {base_url: "https://k@x/"}}\nmodels: {fast: [builtin/reflex]}',
      "providers.a.base_url",
    ],
    [
      "provider called builtin",
      'providers: {builtin: {base_url: "https://x"}}\nmodels: {fast: [builtin/reflex]}',
      "providers.builtin",
    ],
    [
      "unknown default",
      "models: {fast: [builtin/reflex]}\ndefaults: {worker: {model: x}}",
      "defaults.worker.model",
    ],
    [
      "front desk without manifest",
      "models: {fast: [builtin/reflex]}\nsystem: {front_desk: nobody}",
      "system.front_desk",
    ],
    ["no models", "system: {name: x}", ""],
  ])("%s", (_, con, key) => {
    const { config, problems } = parse({}, con);
    expect(config).toBeNull();
    expect(problems.map((one) => one.key)).toContain(key);
    expect(problems.every(({ agent }) => agent === null)).toBe(true);
  });

  test("a missing one says what to copy", () => {
    const { config, problems } = parseConfig({ system: null, agents: [] });
    expect(config).toBeNull();
    expect(problems[0]?.remedy).toContain("/usr/share/con/profiles");
  });
});

test("whatever stands in a manifest is a problem or an agent, never an exception", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const { config, problems } = parse({ x: text });
      expect(config === null || problems.length > 0 || config.agents.length === 2).toBe(true);
    }),
    { numRuns: 60 },
  );
});
