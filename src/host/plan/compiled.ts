/**
 * Configuration compiled for the programs that run: what each may know, and no more. Pure.
 *
 * Used by bootstrap for the installed system and by `con dev` for its directory; `Places` differ.
 */
import { noBudget } from "../../config/authority.ts";
import type {
  Agent,
  AgentEntry,
  AgentRuntime,
  Config,
  GatewayRuntime,
  HealthRuntime,
  SystemRuntime,
} from "../../config/types.ts";

export interface Places {
  readonly root: string;
  readonly gatewaySocket: string;
  readonly ledger: string;
  readonly audit: string;
  /** Directory with AGENTS.md and skills/ of one agent. */
  readonly agentFiles: (name: string) => string;
}

export interface AgentFacts {
  readonly uid: number;
  readonly wake: AgentEntry["wake"];
  readonly taskerUids: readonly number[];
  readonly instructions: string;
  readonly skills: readonly { readonly name: string; readonly description: string }[];
}

export function compileSystem(
  config: Config,
  places: Places,
  entries: readonly AgentEntry[],
): SystemRuntime {
  return {
    version: 1,
    name: config.system.name,
    root: places.root,
    frontDesk: config.system.frontDesk,
    gateway: places.gatewaySocket,
    agents: [...entries].sort((a, b) => (a.name < b.name ? -1 : 1)),
    models: Object.keys(config.models).sort(),
  };
}

export function compileEntry(agent: Agent, uid: number, wake: AgentEntry["wake"]): AgentEntry {
  return {
    name: agent.name,
    uid,
    tier: agent.tier,
    description: agent.description,
    model: agent.model,
    schedule: agent.schedule?.at ?? null,
    wake,
  };
}

export function compileAgent(
  config: Config,
  agent: Agent,
  facts: AgentFacts,
  places: Places,
  trustedUids: readonly number[],
): AgentRuntime {
  const inboxes = [`${places.root}/agents/${agent.name}/inbox`];
  if (agent.name === config.system.frontDesk) inboxes.push(`${places.root}/inbox`);
  return {
    version: 1,
    name: agent.name,
    uid: facts.uid,
    tier: agent.tier,
    model: agent.model,
    inboxes,
    trustedUids,
    taskerUids: [...facts.taskerUids].sort((a, b) => a - b),
    can: agent.can,
    constraints: agent.constraints,
    may: agent.may,
    approval: agent.approval,
    budget: agent.budget,
    limits: agent.limits,
    schedule: agent.schedule,
    instructions: facts.instructions,
    skills: facts.skills.map(({ name, description }) => ({
      name,
      description,
      path: `${places.agentFiles(agent.name)}/skills/${name}/SKILL.md`,
    })),
  };
}

/** Root may use every alias: `con model test` asks as root. */
export function compileGateway(
  config: Config,
  places: Places,
  agents: readonly AgentEntry[],
): GatewayRuntime {
  const budgets = new Map(config.agents.map(({ name, budget }) => [name, budget]));
  const callers = agents.map(({ uid, name, tier, model }) => ({
    uid,
    name,
    tier,
    models: [model],
    budget: budgets.get(name) ?? noBudget,
  }));
  return {
    version: 1,
    providers: config.providers,
    models: config.models,
    maxConcurrent: config.gateway.maxConcurrent,
    ledger: places.ledger,
    audit: places.audit,
    budget: config.budget,
    callers: [{ uid: 0, name: "root", tier: null, models: ["*"], budget: noBudget }, ...callers],
  };
}

/** For the evaluator of contracts. Escalations go to the agent with the role sysadmin. */
export function compileHealth(
  config: Config,
  places: Places,
  entries: readonly AgentEntry[],
): HealthRuntime {
  const { intervalSeconds, ...thresholds } = config.health;
  // An alarm before the budget is spent needs no number of its own.
  const maxUsdPerDay = thresholds.maxUsdPerDay ?? config.budget.usdPerDay;
  const { frontDesk, name } = config.system;
  const runtimes = new Map(config.agents.map((agent) => [agent.name, agent.limits.runtimeSeconds]));
  const credentials = Object.values(config.providers).flatMap(({ credential }) => credential ?? []);
  return {
    version: 1,
    name,
    root: places.root,
    frontDesk,
    sysadmin: config.agents.find(({ roles }) => roles.includes("sysadmin"))?.name ?? frontDesk,
    intervalSeconds,
    thresholds: { ...thresholds, maxUsdPerDay },
    agents: entries.map((entry) => ({
      name: entry.name,
      uid: entry.uid,
      tier: entry.tier,
      wake: entry.wake,
      runtimeSeconds: runtimes.get(entry.name) ?? 0,
      scheduled: entry.schedule !== null,
    })),
    credentials: [...new Set(credentials)].sort(),
  };
}
