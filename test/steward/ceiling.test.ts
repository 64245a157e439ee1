import { expect, test } from "vitest";
import { noBudget, noMay } from "../../src/config/authority.ts";
import { noConstraints } from "../../src/config/grants.ts";
import type { Agent, AgentRuntime, May } from "../../src/config/types.ts";
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
  may,
  limits,
  budget: { ...noBudget, tokensPerDay: 1000, tokensPerTask: 100 },
  approval: [{ tool: "shell", approvers: 2, expirySeconds: 60 }],
  constraints: { tools: { read_file: { perMinute: 5, uses: null, until: null } }, until: {} },
} as unknown as AgentRuntime;

const plain: Agent = {
  name: "scribe",
  description: "x",
  tier: "worker",
  roles: [],
  model: "fast",
  can: { task: [], read: [], write: [], network: [], tools: [] },
  constraints: noConstraints,
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
  ["can.tools edit_file", can({ tools: ["edit_file"] })],
  ["tool shell without approval by 2", can({ tools: ["shell"] })],
  ["tool read_file beyond its rate", can({ tools: ["read_file"] })],
  ["may.request quarantine", { may: { ...noMay, request: ["quarantine"] } }],
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

test("an approval by fewer people is none", () => {
  const approval = [{ tool: "shell", approvers: 1, expirySeconds: 60 }];
  expect(judge({ ...can({ tools: ["shell"] }), approval })).toHaveLength(1);
  const enough = [{ tool: "shell", approvers: 2, expirySeconds: 60 }];
  expect(judge({ ...can({ tools: ["shell"] }), approval: enough })).toEqual([]);
});

test("what is counted by the day is shared by all that were commissioned, and they are counted", () => {
  expect(judge({}, [plain])).toEqual([]);
  expect(judge({}, [plain, plain])).toEqual(["budget.tokens_per_day 500 (left to give: 0)"]);
  const cheap = { ...plain, budget: { ...plain.budget, tokensPerDay: 1 } };
  const many = Array.from({ length: maxChildren }, () => cheap);
  expect(judge({}, many)).toEqual([`more than ${maxChildren} agents of its own`]);
});
