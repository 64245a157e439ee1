/** `can.spawn` of manifests, and the role files that it names. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { loadConfigFiles } from "../../src/config/load.ts";
import { type Parsed, parseConfig } from "../../src/config/parse.ts";
import agentSchema from "../../src/config/schema/agent.schema.json" with { type: "json" };
import roleSchema from "../../src/config/schema/role.schema.json" with { type: "json" };

const system = "models: {fast: [builtin/reflex], smart: [builtin/reflex]}\n";
const desk = "name: concierge\ntier: operator\ndescription: front desk\n";

function parse(manifest: string, roles: Record<string, string>): Parsed {
  return parseConfig({
    system: { path: "con.yaml", text: system },
    agents: [
      { path: "agents.d/concierge.yaml", text: desk },
      { path: "agents.d/x.yaml", text: `name: x\ntier: worker\ndescription: d\n${manifest}` },
    ],
    roles: Object.entries(roles).map(([name, text]) => ({
      path: `roles/${name}/role.yaml`,
      text,
    })),
  });
}

const told = ({ problems }: Parsed): string[] =>
  problems.map(({ file, line, key, why, agent }) => `${file}:${line} ${key} ${why} [${agent}]`);
const agentX = ({ config }: Parsed) => config?.agents.find(({ name }) => name === "x");

const helper = "description: helps\ncan: {read: ['*'], tools: [shell]}\n";

describe("can.spawn", () => {
  test("brings its tools, beside those that are written, and has defaults", () => {
    const x = agentX(parse("can: {tools: [shell], spawn: {roles: [helper]}}\n", { helper }));
    expect(x?.spawn).toEqual({ roles: ["helper"], depth: 1, live: 4 });
    expect(x?.can.tools).toEqual(["shell", "spawn_agent", "spawn_agents"]);
  });

  test("its tools can be bounded, and wait for people", () => {
    const manifest =
      "can:\n  tools: [{spawn_agent: {uses: 3}}]\n  spawn: {roles: [helper], depth: 5, live: 100}\n" +
      "approval: [spawn_agents]\n";
    const parsed = parse(manifest, { helper });
    expect(parsed.problems).toEqual([]);
    expect(agentX(parsed)).toMatchObject({
      spawn: { depth: 5, live: 100 },
      constraints: { tools: { spawn_agent: { uses: 3 } } },
      approval: [{ tool: "spawn" }],
    });
  });

  test.each([
    [
      "a role without role.yaml",
      "{roles: [nobody]}",
      "can.spawn.roles.0 there is no roles/nobody/role.yaml",
    ],
    ["no roles", "{depth: 1}", "can.spawn roles is missing"],
    ["depth 6", "{roles: [helper], depth: 6}", "can.spawn.depth 6 does not fit"],
    ["nobody alive", "{roles: [helper], live: 0}", "can.spawn.live 0 does not fit"],
    ["too many alive", "{roles: [helper], live: 101}", "can.spawn.live 101 does not fit"],
  ])("with %s leaves the agent out", (_, spawn, expected) => {
    const parsed = parse(`can: {spawn: ${spawn}}\n`, { helper });
    expect(told(parsed)[0]).toContain(expected);
    expect(parsed.config?.excluded).toEqual(["x"]);
  });

  test("its tools without it are refused", () => {
    const parsed = parse("can: {tools: [spawn_agent]}\n", { helper });
    expect(told(parsed)).toEqual([
      "agents.d/x.yaml:4 can.tools spawn_agent is of no use without can.spawn [x]",
    ]);
  });

  test("names of temporary agents are nobody else's", () => {
    const text = "name: spawn-x\ntier: worker\ndescription: d\n";
    const { problems } = parseConfig({
      system: { path: "con.yaml", text: system },
      agents: [
        { path: "agents.d/concierge.yaml", text: desk },
        { path: "agents.d/spawn-x.yaml", text },
      ],
    });
    expect(problems).toMatchObject([{ agent: "spawn-x", key: "name" }]);
  });
});

describe("role.yaml", () => {
  test("says the most that such an agent gets", () => {
    const { config, problems } = parse("", {
      scraper:
        "description: Reads pages\nmodel: fast\n" +
        "can: {read: [/srv/con/artifacts/in/**, '*'], network: ['*'], tools: [shell], models: [fast, '*'], spawn: {roles: [scraper]}}\n" +
        "limits: {memory: 512M, runtime: 10min}\napproval: [shell]\n",
    });
    expect(problems).toEqual([]);
    expect(config?.roles["scraper"]).toEqual({
      description: "Reads pages",
      model: "fast",
      can: {
        task: [],
        read: ["*", "/srv/con/artifacts/in"],
        write: [],
        network: ["*"],
        tools: ["shell", "spawn_agent", "spawn_agents"],
        models: ["*", "fast"],
      },
      spawn: { roles: ["scraper"], depth: 1, live: 4 },
      limits: {
        ...{ memory: "512M", cpu: null, tasks: null, runtimeSeconds: 600, steps: null },
        ...{ reviewEvery: null, askAfter: null },
      },
      approval: [{ tool: "shell", approvers: 1, expirySeconds: 86_400 }],
    });
  });

  test.each([
    [
      "another model that is not there",
      "description: d\ncan: {models: [none]}\n",
      "can.models.0 there is no model alias none",
    ],
    ["an unknown key", "description: d\nmay: {}\n", "may there is no key may"],
    [
      "a model that is not there",
      "description: d\nmodel: none\n",
      "model there is no model alias none",
    ],
    ["a place outside", "description: d\ncan: {write: [/etc]}\n", "can.write.0 /etc is not below"],
    [
      "an odd target",
      "description: d\ncan: {network: [x]}\n",
      'can.network.0 "x" is not a network target',
    ],
    [
      "a rule for a tool it has not",
      "description: d\napproval: [shell]\n",
      "approval.0 the agent has no tool shell",
    ],
    [
      "a long day",
      "description: d\nlimits: {runtime: 25h}\n",
      "limits.runtime 25h is more than a day",
    ],
    ["broken YAML", "description: [\n", ""],
  ])("%s makes it no role, and takes no agent along", (_, text, expected) => {
    const parsed = parse("can: {spawn: {roles: [bad]}}\n", { bad: text });
    expect(told(parsed)[0]).toContain(expected);
    expect(parsed.problems.every(({ agent }) => agent === "")).toBe(true);
    expect(parsed.config?.roles).toEqual({});
    expect(parsed.config?.excluded).toEqual([]);
  });

  test("a folder without one is a role of agents only", () => {
    const { roles = [] } = loadConfigFiles("configs/default");
    expect(roles.map(({ path }) => path)).toEqual(["configs/default/roles/helper/role.yaml"]);
  });
});

test("what role and manifest share is written the same in both schemas", () => {
  expect(roleSchema.$defs.spawn).toEqual(agentSchema.$defs.spawn);
  // A role's are its parent's where it names none.
  const words = JSON.stringify(agentSchema.properties.limits, (key, value) =>
    key === "default" ? undefined : value,
  );
  expect(roleSchema.properties.limits).toEqual(JSON.parse(words));
  expect(roleSchema.properties.approval).toEqual(agentSchema.properties.approval);
  expect(new Ajv2020().validateSchema(roleSchema)).toBe(true);
});
