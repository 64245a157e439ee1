/**
 * Configuration compiled for the programs that run: what each may know, and no more. Pure.
 *
 * Used by bootstrap for the installed system and by `con dev` for its directory; `Places` differ.
 */
import { defaultArchive } from "../../config/archive.ts";
import { noBudget } from "../../config/authority.ts";
import type {
  AgentEntry,
  AgentRuntime,
  GatewayRuntime,
  HealthRuntime,
  ModelWindow,
  Payer,
  SystemRuntime,
} from "../../config/runtime.ts";
import type { Agent, Budget, Config } from "../../config/types.ts";
import { webOf } from "../../config/web.ts";
import { skillFile } from "../../skill/bounds.ts";
import type { SkillFolder } from "../skills.ts";
import type { World } from "../world.ts";
import { ancestorsOf } from "./views.ts";

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
  readonly skills: readonly Pick<SkillFolder, "name" | "description" | "category" | "files">[];
}

export function compileSystem(
  config: Config,
  places: Places,
  entries: readonly AgentEntry[],
  forge: Config["forge"] = config.forge,
): SystemRuntime {
  return {
    version: 1,
    name: config.system.name,
    root: places.root,
    frontDesk: config.system.frontDesk,
    gateway: places.gatewaySocket,
    agents: [...entries].sort((a, b) => (a.name < b.name ? -1 : 1)),
    models: Object.keys(config.models).sort(),
    ...(forge === undefined || forge.packages.length === 0 ? {} : { forge }),
  };
}

/** `parent`: of a temporary agent. */
export function compileEntry(
  agent: Agent,
  uid: number,
  wake: AgentEntry["wake"],
  parent?: string,
): AgentEntry {
  return {
    name: agent.name,
    uid,
    tier: agent.tier,
    description: agent.description,
    model: agent.model,
    schedule: agent.schedule?.at ?? null,
    wake,
    ...(parent === undefined ? {} : { parent }),
    ...(agent.runner === undefined ? {} : { isProgram: true }),
    ...(agent.gpu === undefined ? {} : { gpu: agent.gpu }),
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
    context: config.models[agent.model]?.context ?? null,
    summarizer: summarizerOf(config, agent.model),
    models: windowsOf(config, agent),
    inboxes,
    trustedUids,
    taskerUids: [...facts.taskerUids].sort((a, b) => a - b),
    can: facts.skills.length === 0 ? agent.can : withSkillTool(agent.can),
    constraints: agent.constraints,
    spawn: agent.spawn,
    roles:
      agent.spawn?.roles.flatMap((name) => {
        const role = Object.hasOwn(config.roles, name) ? config.roles[name] : undefined;
        return role === undefined ? [] : [{ name, description: role.description }];
      }) ?? [],
    may: agent.may,
    approval: agent.approval,
    budget: agent.budget,
    ...(agent.cascade === undefined ? {} : { cascade: agent.cascade }),
    limits: agent.limits,
    retention: agent.retention ?? config.retention,
    archive: agent.archive ?? config.archive ?? defaultArchive,
    ...(agent.runner === undefined ? {} : { runner: agent.runner }),
    ...(agent.gpu === undefined ? {} : { gpu: agent.gpu }),
    ...(agent.mcp === undefined ? {} : { mcp: agent.mcp }),
    schedule: agent.schedule,
    instructions: facts.instructions,
    skills: facts.skills.map(({ name, description, category, files }) => ({
      name,
      description,
      path: `${places.agentFiles(agent.name)}/skills/${name}/SKILL.md`,
      ...(category === null ? {} : { category }),
      files: [...files.keys()].filter((path) => path !== skillFile).sort(),
    })),
  };
}

const skillTool = "use_skill";

/** Whoever has skills can open them. */
const withSkillTool = (can: Agent["can"]): Agent["can"] =>
  can.tools.includes(skillTool) ? can : { ...can, tools: [...can.tools, skillTool] };

/** The alias for it is everybody's; its price is the caller's. */
const summarizerAlias = "summarizer";

function summarizerOf({ models }: Config, model: string): ModelWindow | null {
  const alias = Object.hasOwn(models, summarizerAlias) ? models[summarizerAlias] : undefined;
  if (alias === undefined || model === summarizerAlias) return null;
  return { model: summarizerAlias, context: alias.context };
}

/** Of every alias that it may use. */
function windowsOf(config: Config, { model, can }: Agent): Record<string, number | null> {
  const aliases = [model, ...can.models, summarizerOf(config, model)?.model ?? model];
  const known = aliases.filter((alias) => Object.hasOwn(config.models, alias));
  return Object.fromEntries(known.map((alias) => [alias, config.models[alias]?.context ?? null]));
}

/**
 * By agent: `granted` are the aliases beside its own that it may use now, `budgets` those of agents whose manifest is
 * refused. Root may use every alias: `con model test` asks as root.
 */
export function compileGateway(
  config: Config,
  places: Places,
  agents: readonly AgentEntry[],
  {
    children = new Map(),
    granted = new Map(),
    budgets: deployed = new Map(),
  }: {
    readonly children?: World["children"];
    readonly granted?: ReadonlyMap<string, readonly string[]>;
    readonly budgets?: ReadonlyMap<string, Budget>;
  } = {},
): GatewayRuntime {
  const configured = config.agents.map(({ name, budget }) => [name, budget] as const);
  const budgets = new Map([...deployed, ...configured]);
  const uids = new Map(agents.map(({ name, uid }) => [name, uid]));
  const payersOf = (name: string): Payer[] =>
    ancestorsOf(children, name).flatMap(({ parent, task }) => {
      const uid = uids.get(parent);
      const budget = budgets.get(parent) ?? noBudget;
      return uid === undefined ? [] : [{ uid, name: parent, task, budget }];
    });
  const callers = agents.map(({ uid, name, tier, model }) => ({
    uid,
    name,
    tier,
    models: [
      ...new Set([
        model,
        summarizerOf(config, model)?.model ?? model,
        ...(granted.get(name) ?? []),
      ]),
    ],
    budget: budgets.get(name) ?? noBudget,
    ...(children.has(name) ? { payers: payersOf(name) } : {}),
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

/**
 * For the evaluator of contracts. Escalations go to the agent with the role sysadmin. Temporary agents come and go
 * between two evaluations: the steward looks after them.
 */
export function compileHealth(
  config: Config,
  places: Places,
  entries: readonly AgentEntry[],
): HealthRuntime {
  const { intervalSeconds, ...thresholds } = config.health;
  // An alarm before the budget is spent needs no number of its own.
  const maxUsdPerDay = thresholds.maxUsdPerDay ?? config.budget.usdPerDay;
  const { frontDesk, name } = config.system;
  const lasting = entries.filter(({ parent }) => parent === undefined);
  const runtimes = new Map(config.agents.map((agent) => [agent.name, agent.limits.runtimeSeconds]));
  const holders = [...Object.values(config.providers), ...webOf(config).search];
  const credentials = holders.flatMap(({ credential }) => credential ?? []);
  return {
    version: 1,
    name,
    root: places.root,
    frontDesk,
    sysadmin: config.agents.find(({ roles }) => roles.includes("sysadmin"))?.name ?? frontDesk,
    intervalSeconds,
    thresholds: { ...thresholds, maxUsdPerDay },
    agents: lasting.map((entry) => ({
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
