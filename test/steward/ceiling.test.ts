import { expect, test } from "vitest";
import { defaultArchive } from "../../src/config/archive.ts";
import { noBudget, noMay } from "../../src/config/authority.ts";
import { noConstraints } from "../../src/config/grants.ts";
import { defaultRetention } from "../../src/config/retention.ts";
import type { AgentRuntime } from "../../src/config/runtime.ts";
import type { Agent, May, McpServer } from "../../src/config/types.ts";
import { beyond, maxChildren } from "../../src/steward/ceiling.ts";

const limits = { memory: "2G", cpu: "200%", tasks: 256, runtimeSeconds: 1800, steps: 100 };

const may: May = {
  request: ["commission", "pause"],
  grant: {
    tiers: ["worker"],
    task: ["desk"],
    read: ["/srv/con/logs/x"],
    write: ["/srv/con/artifacts/a"],
    network: ["Example.org:443"],
    tools: ["read_file", "shell"],
  },
};

const holder: AgentRuntime = {
  name: "admin",
  model: "smart",
  can: { task: [], read: [], write: [], network: [], tools: [], models: ["adviser", "coder"] },
  may,
  limits,
  budget: { ...noBudget, tokensPerDay: 1000, tokensPerTask: 100 },
  approval: [{ tool: "shell", approvers: 2, expirySeconds: 60 }],
  constraints: {
    tools: { read_file: { perMinute: 5, uses: null, until: null } },
    until: { "models:coder": 9 },
  },
} as unknown as AgentRuntime;

const plain: Agent = {
  name: "scribe",
  description: "x",
  tier: "worker",
  roles: [],
  model: "fast",
  can: { task: [], read: [], write: [], network: [], tools: [], models: [] },
  constraints: noConstraints,
  spawn: null,
  may: noMay,
  approval: [],
  budget: { ...noBudget, tokensPerDay: 500, tokensPerTask: 100 },
  limits,
  schedule: { at: "daily", task: "x" },
  instructions: "whatever",
};

const judge = (rest: Partial<Agent>, siblings: readonly Agent[] = []): string[] =>
  beyond({ ...plain, ...rest }, holder, { siblings, defaultModel: "fast" });

const can = (rest: Partial<Agent["can"]>) => ({ can: { ...plain.can, ...rest } });
const grant = (rest: Partial<May["grant"]>) => ({
  may: { request: [], grant: { ...noMay.grant, ...rest } },
});

test.each<[string, Partial<Agent>]>([
  ["nothing", {}],
  [
    "below what may be written, to read and to write",
    can({ read: ["/srv/con/artifacts/a/b"], write: ["/srv/con/artifacts/a"] }),
  ],
  ["the same host and port", can({ network: ["example.org:443"] })],
  ["the asker's own model", { model: "smart" }],
  ["models that the asker may use", can({ models: ["adviser", "smart"] })],
  ["less to give away", grant({ tiers: ["worker"], write: ["/srv/con/artifacts/a/b"] })],
])("within: %s", (_, rest) => {
  expect(judge(rest)).toEqual([]);
});

test.each<[string, Partial<Agent>]>([
  ["tier operator", { tier: "operator" }],
  ["role sysadmin", { roles: ["sysadmin"] }],
  ["model dear", { model: "dear" }],
  ["can.task admin", can({ task: ["admin"] })],
  ["can.read /srv/con/logs", can({ read: ["/srv/con/logs"] })],
  ["can.write /srv/con/artifacts/ab", can({ write: ["/srv/con/artifacts/ab"] })],
  ["can.write /srv/con/logs/x", can({ write: ["/srv/con/logs/x"] })],
  ["can.network example.org:80", can({ network: ["example.org:80"] })],
  ["can.network *:443", can({ network: ["*:443"] })],
  ["can.models dear", can({ models: ["dear"] })],
  ["can.models coder", can({ models: ["coder"] })],
  [
    "can.models coder",
    { ...can({ models: ["coder"] }), constraints: { tools: {}, until: { "models:coder": 10 } } },
  ],
  ["can.tools edit_file", can({ tools: ["edit_file"] })],
  ["tool shell without approval by 2", can({ tools: ["shell"] })],
  ["tool read_file beyond its rate", can({ tools: ["read_file"] })],
  ["may.request quarantine", { may: { ...noMay, request: ["quarantine"] } }],
  ["may.propose skills", { may: { ...noMay, propose: ["skills"] } }],
  ["may.grant.task *", grant({ task: ["*"] })],
  ["may.grant.network *", grant({ network: ["*"] })],
  ["may.grant.write /srv/con/artifacts", grant({ write: ["/srv/con/artifacts"] })],
  ["limits.memory 4G", { limits: { ...limits, memory: "4G" } }],
  ["limits.cpu 400%", { limits: { ...limits, cpu: "400%" } }],
  ["limits.steps 101", { limits: { ...limits, steps: 101 } }],
  [
    "budget.tokens_per_task without end (left to give: 100)",
    { budget: { ...plain.budget, tokensPerTask: null } },
  ],
])("beyond: %s", (text, rest) => {
  expect(judge(rest)).toEqual([text]);
});

test("a model that the asker has for some time is given for no longer", () => {
  const until = { "models:coder": 9 };
  expect(judge({ ...can({ models: ["coder"] }), constraints: { tools: {}, until } })).toEqual([]);
});

test("an approval by fewer people is none", () => {
  const approval = [{ tool: "shell", approvers: 1, expirySeconds: 60 }];
  expect(judge({ ...can({ tools: ["shell"] }), approval })).toHaveLength(1);
  const enough = [{ tool: "shell", approvers: 2, expirySeconds: 60 }];
  expect(judge({ ...can({ tools: ["shell"] }), approval: enough })).toEqual([]);
});

test("an approval under a condition is none where every call waits; the same condition is one", () => {
  const when = (glob: string) => ({ command: { globs: [glob] } });
  const rule = { tool: "shell", approvers: 2, expirySeconds: 60 };
  const narrow = [{ ...rule, when: when("rm *") }];
  expect(judge({ ...can({ tools: ["shell"] }), approval: narrow })).toHaveLength(1);
  const holding = { ...holder, approval: narrow };
  const beside = (approval: Agent["approval"]): string[] =>
    beyond({ ...plain, ...can({ tools: ["shell"] }), approval }, holding, {
      siblings: [],
      defaultModel: "fast",
    });
  expect(beside(narrow)).toEqual([]);
  expect(beside([rule])).toEqual([]);
  const other = [{ ...rule, when: when("rm -r *") }];
  expect(beside(other)).toEqual(["tool shell without approval by 2 under the same when"]);
});

test("what a task spends waits for as many people there as here", () => {
  const spend = { tool: "spend", approvers: 2, expirySeconds: 60 };
  const holding = { ...holder, approval: [spend] };
  const family = { siblings: [], defaultModel: "fast" };
  expect(beyond(plain, holding, family)).toEqual(["tool spend without approval by 2"]);
  expect(beyond({ ...plain, approval: [spend] }, holding, family)).toEqual([]);
});

test("people are asked there after no more money than here", () => {
  const asking = { ...holder, budget: { ...holder.budget, askUsdPerTask: 2 } };
  const judged = (askUsdPerTask: number | null): string[] => {
    const agent = { ...plain, budget: { ...plain.budget, askUsdPerTask } };
    return beyond(agent, asking, { siblings: [plain], defaultModel: "fast" });
  };
  expect([judged(2), judged(0.5)]).toEqual([[], []]);
  expect(judged(2.5)).toEqual(["budget.ask_usd_per_task 2.5 (left to give: 2)"]);
  expect(judged(null)).toEqual(["budget.ask_usd_per_task without end (left to give: 2)"]);
});

test("what is counted by the day is shared by all that were commissioned, and they are counted", () => {
  expect(judge({}, [plain])).toEqual([]);
  expect(judge({}, [plain, plain])).toEqual(["budget.tokens_per_day 500 (left to give: 0)"]);
  const cheap = { ...plain, budget: { ...plain.budget, tokensPerDay: 1 } };
  const many = Array.from({ length: maxChildren }, () => cheap);
  expect(judge({}, many)).toEqual([`more than ${maxChildren} agents of its own`]);
});

test("agents that may spawn come only from one that may, within its roles, generations and numbers", () => {
  const right = { roles: ["helper"], depth: 2, live: 4 };
  const spawning = (spawn: Agent["spawn"], own: AgentRuntime["spawn"], approval = plain.approval) =>
    beyond(
      { ...plain, ...can({ tools: ["spawn_agent", "spawn_agents"] }), spawn, approval },
      {
        ...holder,
        spawn: own ?? null,
        approval: [{ tool: "spawn", approvers: 1, expirySeconds: 9 }],
      },
      { siblings: [], defaultModel: "fast" },
    );
  const asked = [{ tool: "spawn", approvers: 1, expirySeconds: 9 }];
  expect(spawning(right, right, asked)).toEqual([]);
  expect(spawning(right, right)).toEqual(["tool spawn without approval by 1"]);
  expect(spawning(right, null, asked)).toEqual([
    "can.spawn.roles helper",
    "can.spawn.depth 2",
    "can.spawn.live 4",
  ]);
  expect(spawning({ roles: ["helper", "x"], depth: 3, live: 5 }, right, asked)).toEqual([
    "can.spawn.roles x",
    "can.spawn.depth 3",
    "can.spawn.live 5",
  ]);
});

test("a category may be given away in parts, and takes along what is asked or counted of it", () => {
  const { grant } = may;
  const asker = {
    ...holder,
    may: { ...may, grant: { ...grant, tools: ["forged", "mcp.files.read"] } },
    approval: [{ tool: "forged.a", approvers: 1, expirySeconds: 60 }],
    constraints: {
      ...holder.constraints,
      tools: { "forged.b": { perMinute: 1, uses: 1, until: 1 } },
    },
  } as unknown as AgentRuntime;
  const wanted = (tools: readonly string[]): string[] =>
    beyond({ ...plain, can: { ...plain.can, tools } }, asker, {
      siblings: [],
      defaultModel: "fast",
    });
  expect(wanted(["forged.c", "mcp.files.read"])).toEqual([]);
  expect(wanted(["mcp.files", "mcp.files.write"])).toEqual([
    "can.tools mcp.files",
    "can.tools mcp.files.write",
  ]);
  expect(wanted(["forged"]).join()).toContain("tool forged.a without approval by 1");
  expect(wanted(["forged"]).join()).toContain("tool forged.b beyond its rate");
});

test("for how long traces are kept, and how much, is for people to say, longer or shorter", () => {
  expect(judge({ retention: { ...defaultRetention, journalDays: 1 } })).toEqual(["retention"]);
  expect(judge({ archive: { ...defaultArchive, versionsPerFile: 1 } })).toEqual(["archive"]);
});

test("which program does the work is for people to say, and a graphics processor comes from one that has it", () => {
  const runner = {
    argv: ["/usr/bin/cat"],
    input: "text",
    environment: {},
    files: {},
    models: false,
  } as const;
  expect(judge({ runner })).toEqual(["runner"]);
  expect(judge({ gpu: true })).toEqual(["gpu"]);
  const rich = beyond(
    { ...plain, gpu: true },
    { ...holder, gpu: true },
    {
      siblings: [],
      defaultModel: "fast",
    },
  );
  expect(rich).toEqual([]);
});

test("MCP servers are given only as the asker has them", () => {
  const rest = { env: {}, credentials: {}, timeoutSeconds: 60 };
  const files: McpServer = { kind: "command", command: ["/bin/x"], ...rest };
  const own = { ...holder, mcp: { files } };
  const family = { siblings: [], defaultModel: "fast" };
  const of = (mcp: Agent["mcp"] & object) => beyond({ ...plain, mcp }, own, family);
  expect(of({ files })).toEqual([]);
  expect(of({ files: { ...files, credentials: { KEY: "wiki" } } })).toEqual(["mcp files"]);
  expect(of({ other: files })).toEqual(["mcp other"]);
});
