/** What each program may know: compiled from the configuration, and no more than is written there. */
import { expect, test } from "vitest";
import { defaultArchive } from "../../../src/config/archive.ts";
import { noBudget } from "../../../src/config/authority.ts";
import type { Agent, Config } from "../../../src/config/types.ts";
import {
  type AgentFacts,
  compileAgent,
  compileEntry,
  compileGateway,
  compileHealth,
  compileSystem,
  type Places,
} from "../../../src/host/plan/compiled.ts";
import { agentOf, configOf } from "./hamlet.ts";

const places: Places = {
  ...{ root: "/srv/con", gatewaySocket: "/g", ledger: "/l", audit: "/a" },
  agentFiles: (name) => `/c/${name}`,
};

const config = configOf({
  agents: { worker: "tier: worker\n" },
  system: "forge: {registries: {node: 'http://10.0.0.5:4873/'}}\n",
});
const worker = agentOf(config, "worker");

const noFacts: AgentFacts = {
  ...{ uid: 7, wake: "path", taskerUids: [], instructions: "", skills: [] },
};

const compiled = (change: Partial<Agent> = {}, of: Partial<Config> = {}, facts = noFacts) =>
  compileAgent({ ...config, ...of }, { ...worker, ...change }, facts, places, []);

const withParts = {
  cascade: {
    ...{ reflex: true, cache: null, documents: null, route: null },
    ...{ escalate: false, learn: false },
  },
  runner: {
    ...{ argv: ["/usr/bin/cat"], input: "text", models: false, environment: {}, files: {} },
  },
  gpu: true,
  mcp: {
    wiki: {
      ...{ kind: "url", url: "https://mcp.example/", headers: {}, credentials: {} },
      timeoutSeconds: 9,
    },
  },
} as const satisfies Partial<Agent>;

test("everybody sees the agents by name, in whichever order they were found", () => {
  const found = ["clerk", "anna", "desk", "boris"].map((name) =>
    compileEntry({ ...worker, name }, 1, "path"),
  );
  const { agents } = compileSystem(config, places, found);
  expect(agents.map(({ name }) => name)).toEqual(["anna", "boris", "clerk", "desk"]);
});

test("without a package to use, nothing is said of the forge", () => {
  expect(compileSystem(config, places, [])).not.toHaveProperty("forge");
  const { forge: _none, ...older } = config;
  expect(compileSystem(older, places, [])).not.toHaveProperty("forge");
});

test("what everybody sees of an agent names the parts that it has, and no others", () => {
  const plain = {
    ...{ name: "worker", uid: 7, tier: "worker", description: "d", model: "fast" },
    ...{ schedule: null, wake: "path" },
  };
  expect(compileEntry(worker, 7, "path")).toStrictEqual(plain);
  expect(compileEntry({ ...worker, ...withParts }, 7, "path", "desk")).toStrictEqual({
    ...plain,
    ...{ parent: "desk", isProgram: true, gpu: true },
  });
});

test("an agent's own file has the parts that its manifest has, and no others", () => {
  const plain = compiled();
  expect(Object.keys(withParts).filter((part) => part in plain)).toEqual([]);
  expect(compiled(withParts)).toMatchObject(withParts);
});

test("former versions are kept as the manifest says, else as con.yaml says, else as con does", () => {
  const own = { ...defaultArchive, versionsPerFile: 2 };
  const common = { ...defaultArchive, versionsPerFile: 3 };
  const { archive: _none, ...older } = config;
  expect(compiled({ archive: own }, { archive: common }).archive).toEqual(own);
  expect(compiled({}, { archive: common }).archive).toEqual(common);
  expect(compileAgent(older, worker, noFacts, places, []).archive).toEqual(defaultArchive);
});

const models = (...aliases: string[]): Config["models"] =>
  Object.fromEntries(
    aliases.map((alias, index) => [
      alias,
      { use: ["builtin/reflex"], context: 1000 * (index + 1), usdPerMillion: null },
    ]),
  );

test("an alias that con.yaml has no more has no window, and takes no other along", () => {
  const can = { ...worker.can, models: ["fast", "toString"] };
  const { context, models: windows } = compiled({ model: "gone", can }, { models: models("fast") });
  expect(context).toBeNull();
  expect(windows).toStrictEqual({ fast: 1000 });
});

test("long conversations are summed up by the alias for it, unless the agent has that one itself", () => {
  const of = { models: models("fast", "summarizer") };
  expect(compiled({ model: "fast" }, of)).toMatchObject({
    ...{ context: 1000, summarizer: { model: "summarizer", context: 2000 } },
    models: { fast: 1000, summarizer: 2000 },
  });
  expect(compiled({ model: "summarizer" }, of)).toMatchObject({ context: 2000, summarizer: null });
});

test("whoever may start work at an agent is listed by number", () => {
  const facts = { ...noFacts, taskerUids: [20_010, 9, 20_002, 100] };
  expect(compiled({}, {}, facts).taskerUids).toEqual([9, 100, 20_002, 20_010]);
});

test("of temporary agents, those roles are offered that there are", () => {
  const { roles } = configOf({
    roles: { helper: "description: helps\n", other: "description: o\n" },
  });
  const spawn = { roles: ["gone", "helper", "toString"], depth: 1, live: 1 };
  expect(compiled({ spawn }, { roles }).roles).toEqual([{ name: "helper", description: "helps" }]);
  expect(compiled({}, { roles }).roles).toEqual([]);
});

test("a skill is listed with its category where it has one", () => {
  const skills = [null, "kitchen"].map((category) => ({
    ...{ name: "boil", description: "water", category },
    files: new Map(["b.md", "SKILL.md", "a.md"].map((path) => [path, Buffer.from("")])),
  }));
  const listed = {
    ...{ name: "boil", description: "water", files: ["a.md", "b.md"] },
    path: "/c/worker/skills/boil/SKILL.md",
  };
  expect(compiled({}, {}, { ...noFacts, skills }).skills).toStrictEqual([
    listed,
    { ...listed, category: "kitchen" },
  ]);
});

test("calls of a temporary agent count for all of its ancestors that are there, each with its budget", () => {
  const budget = { ...noBudget, usdPerDay: 2 };
  const entries = [
    compileEntry(worker, 7, "path"),
    compileEntry({ ...worker, name: "spawn-2" }, 9, "bell", "spawn-1"),
  ];
  const { callers } = compileGateway(
    { ...config, agents: [{ ...worker, budget }] },
    places,
    entries,
    {
      children: new Map([
        ["spawn-1", { parent: "worker", task: "first" }],
        ["spawn-2", { parent: "spawn-1", task: "second" }],
      ]),
    },
  );
  expect(callers.map(({ name, payers }) => [name, payers])).toEqual([
    ["root", undefined],
    ["worker", undefined],
    ["spawn-2", [{ uid: 7, name: "worker", task: "first", budget }]],
  ]);
});

test("at the gateway an agent has its own alias, the one for summing up, and what else it was granted", () => {
  const entries = ["anna", "boris"].map((name) => compileEntry({ ...worker, name }, 7, "path"));
  const of = { ...config, models: models("fast", "spare", "summarizer") };
  const granted = new Map([["boris", ["fast", "spare"]]]);
  const { callers } = compileGateway(of, places, entries, { granted });
  expect(callers.map(({ name, models: aliases }) => [name, aliases])).toEqual([
    ["root", ["*"]],
    ["anna", ["fast", "summarizer"]],
    ["boris", ["fast", "summarizer", "spare"]],
  ]);
});

test("a parent whose budget nobody knows is no limit to its temporary agents", () => {
  const entries = ["worker", "spawn-1"].map((name) => compileEntry({ ...worker, name }, 7, "path"));
  const children = new Map([["spawn-1", { parent: "worker", task: "first" }]]);
  const { callers } = compileGateway({ ...config, agents: [] }, places, entries, { children });
  expect(callers[2]?.payers).toEqual([{ uid: 7, name: "worker", task: "first", budget: noBudget }]);
});

test("health asks once for each credential that is wanted, by name", () => {
  const wanting = configOf({
    system: `providers:
  one: {base_url: 'https://one.example/v1', credential: two-key}
  open: {base_url: 'https://open.example/v1'}
  two: {base_url: 'https://two.example/v1', credential: one-key}
web: {search: [{name: s, url: 'https://s.example/?q={query}', credential: two-key}]}
`,
  });
  expect(compileHealth(wanting, places, []).credentials).toEqual(["one-key", "two-key"]);
});
