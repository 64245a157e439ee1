import { noBudget, noMay } from "../../../src/config/authority.ts";
import { childAgent } from "../../../src/config/child.ts";
import { noConstraints } from "../../../src/config/grants.ts";
import type { ChildOrder } from "../../../src/config/order.ts";
import type { Agent, Role } from "../../../src/config/types.ts";

export const now = Date.parse("2027-01-31T09:00:00Z");
export const nothing = { task: [], read: [], write: [], network: [], tools: [], models: [] };
export const anything = {
  ...{ task: ["*"], read: ["*"], write: ["*"], network: ["*"], tools: ["*"], models: ["*"] },
};

export const parent = (of: Partial<Agent> = {}): Agent => ({
  name: "boss",
  description: "d",
  tier: "officer",
  roles: [],
  model: "smart",
  can: nothing,
  constraints: noConstraints,
  spawn: null,
  may: noMay,
  approval: [],
  budget: noBudget,
  limits: { memory: "2G", cpu: "200%", tasks: 256, runtimeSeconds: 1800, steps: 100 },
  schedule: { at: "daily", task: "x" },
  instructions: "secret",
  ...of,
});

export const noLimits = { memory: null, cpu: null, tasks: null, runtimeSeconds: null, steps: null };
export const role = (of: Partial<Role> = {}): Role => ({
  description: "helps",
  model: null,
  can: anything,
  spawn: null,
  limits: noLimits,
  approval: [],
  ...of,
});

export const order = (of: Partial<ChildOrder> = {}): ChildOrder => ({
  role: "helper",
  goal: "do it",
  findings: null,
  can: {},
  share: {},
  usd: null,
  tokens: null,
  ...of,
});

export const child = (
  of: { parent?: Partial<Agent>; role?: Partial<Role>; order?: Partial<ChildOrder> } = {},
) =>
  childAgent({
    name: "spawn-abcdefgh",
    parent: parent(of.parent),
    role: role(of.role),
    order: order(of.order),
    now,
  });

export const holder = (can: Partial<Agent["can"]>, rest: Partial<Agent> = {}): Partial<Agent> => ({
  can: { ...nothing, ...can },
  ...rest,
});
