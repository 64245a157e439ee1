/** An agent that may commission others, and one that it asks for: each test changes what it is about. */
import { noBudget, noMay } from "../../src/config/authority.ts";
import { noConstraints } from "../../src/config/grants.ts";
import type { AgentRuntime } from "../../src/config/runtime.ts";
import type { Agent, May } from "../../src/config/types.ts";
import { beyond } from "../../src/steward/ceiling.ts";

export const limits = { memory: "2G", cpu: "200%", tasks: 256, runtimeSeconds: 1800, steps: 100 };

export const may: May = {
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

export const holder: AgentRuntime = {
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

export const plain: Agent = {
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

export const judge = (rest: Partial<Agent>, siblings: readonly Agent[] = []): string[] =>
  beyond({ ...plain, ...rest }, holder, { siblings, defaultModel: "fast" });

export const can = (rest: Partial<Agent["can"]>) => ({ can: { ...plain.can, ...rest } });
export const grant = (rest: Partial<May["grant"]>) => ({
  may: { request: [], grant: { ...noMay.grant, ...rest } },
});
