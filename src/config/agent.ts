/** One manifest, after its schema held: cross checks and defaults. Pure. */

import { approvalOf, type RawApproval } from "./approval.ts";
import { archiveOf, brokenArchive, type RawArchive } from "./archive.ts";
import { budgetOf, mayOf, type RawBudget, type RawMay } from "./authority.ts";
import { defaultAskAfter, defaultReviewEvery } from "./brakes.ts";
import type { Broken } from "./broken.ts";
import { cascadeOf, type RawCascade } from "./cascade.ts";
import { parseDuration, parseMemory } from "./grammar.ts";
import { entriesOf, type RawCan, readGrants } from "./grants.ts";
import { brokenMcp, mcpOf, type RawMcp } from "./mcp.ts";
import type { RawLimits } from "./raw-limits.ts";
import { type RawRetention, retentionOf } from "./retention.ts";
import { brokenRunner, isBuiltin, type RawRunner, runnerOf } from "./runner.ts";
import { brokenRoles, brokenSpawnTools, type RawSpawn, spawnOf, withSpawnTools } from "./spawn.ts";
import type { SystemPart } from "./system.ts";
import type { Agent, Tier } from "./types.ts";

/** A manifest as its schema lets it through. */
export interface RawAgent {
  readonly name: string;
  readonly description: string;
  readonly tier: Tier;
  readonly roles?: readonly string[];
  readonly skills?: readonly string[];
  readonly model?: string;
  readonly can?: RawCan & { readonly spawn?: RawSpawn };
  readonly may?: RawMay;
  readonly approval?: readonly RawApproval[];
  readonly budget?: RawBudget;
  readonly cascade?: RawCascade;
  readonly limits?: RawLimits;
  readonly retention?: RawRetention;
  readonly archive?: RawArchive;
  readonly runner?: RawRunner;
  readonly gpu?: boolean;
  readonly mcp?: RawMcp;
  readonly schedule?: string | { readonly at: string; readonly task?: string };
  readonly instructions?: string;
}

/** What an agent gets that names no limits; units/con@.service carries the same first three. */
export const defaultLimits = {
  memory: "2G",
  cpu: "200%",
  tasks: 256,
  runtime: "30min",
  steps: 100,
} as const;

const leastMemory = 128 * 2 ** 20;
const scheduledTask = "Scheduled run: do your periodic work.";

export interface Surroundings {
  /** Base name of the manifest without `.yaml`. */
  readonly fileName: string;
  /** Every agent that has a manifest, also a refused one: one typo must not take others along. */
  readonly known: ReadonlySet<string>;
  /** Roles that have a role.yaml, also a refused one. */
  readonly roles: ReadonlySet<string>;
  readonly system: SystemPart;
}

export function readAgentPart(
  raw: RawAgent,
  around: Surroundings,
): { agent: Agent; broken: Broken[] } {
  const grants = readGrants(raw.can);
  const { may, broken: brokenMay } = mayOf(raw.may);
  const budget = budgetOf(raw.budget);
  const spawn = spawnOf(raw.can?.spawn);
  const tools = withSpawnTools(grants.can.tools, spawn);
  const waits = approvalOf(raw.approval, { tools, budget });
  const model = raw.model ?? around.system.defaultModels[raw.tier];
  const can = { ...grants.can, tools };
  const layers = cascadeOf(raw.cascade, {
    // What con.yaml has for everybody is for con's own loop.
    common: isBuiltin(raw.runner) ? around.system.defaultCascade : undefined,
    agent: { model, can },
    models: Object.keys(around.system.models),
  });
  const agent: Agent = {
    name: raw.name,
    description: raw.description,
    tier: raw.tier,
    roles: raw.roles ?? [],
    ...(raw.skills === undefined ? {} : { skills: raw.skills }),
    model,
    can,
    constraints: grants.constraints,
    spawn,
    may,
    approval: waits.approval,
    budget,
    ...(layers.cascade === null ? {} : { cascade: layers.cascade }),
    limits: limitsOf(raw.limits ?? {}),
    ...(raw.retention === undefined
      ? {}
      : { retention: retentionOf(raw.retention, around.system.retention) }),
    ...(raw.archive === undefined
      ? {}
      : { archive: archiveOf(raw.archive, around.system.archive) }),
    ...runnerOf(raw.runner),
    ...(raw.gpu === true ? { gpu: true } : {}),
    ...(raw.mcp === undefined ? {} : { mcp: mcpOf(raw.mcp) }),
    schedule: scheduleOf(raw.schedule),
    instructions: raw.instructions ?? "",
  };
  const broken = [
    ...brokenName(raw, around),
    ...brokenModel(agent, raw, around),
    ...brokenModels(raw, around),
    ...brokenTargets(raw, around),
    ...grants.broken,
    ...brokenRoles(raw.can?.spawn, around.roles),
    ...brokenSpawnTools(grants.can.tools, spawn),
    ...brokenMay,
    ...waits.broken,
    ...layers.broken,
    ...brokenLimits(raw),
    ...brokenArchive(raw.archive, around.system.archive),
    ...brokenMcp(raw.mcp, can),
    ...brokenRunner(raw.runner, agent),
  ];
  return { agent, broken };
}

function limitsOf(raw: RawLimits): Agent["limits"] {
  return {
    memory: raw.memory ?? defaultLimits.memory,
    cpu: raw.cpu ?? defaultLimits.cpu,
    tasks: raw.tasks ?? defaultLimits.tasks,
    // An unreadable duration is reported by brokenLimits, and the agent left out.
    runtimeSeconds: parseDuration(raw.runtime ?? defaultLimits.runtime) ?? 0,
    steps: raw.steps ?? defaultLimits.steps,
    reviewEvery: raw.review_every ?? defaultReviewEvery,
    askAfter: raw.ask_after ?? defaultAskAfter,
  };
}

function scheduleOf(raw: RawAgent["schedule"]): Agent["schedule"] {
  if (raw === undefined) return null;
  if (typeof raw === "string") return { at: raw, task: scheduledTask };
  return { at: raw.at, task: raw.task ?? scheduledTask };
}

/** So begin the names of temporary agents, which the steward gives. */
export const childPrefix = "spawn-";

function brokenName(raw: RawAgent, { fileName }: Surroundings): Broken[] {
  if (raw.name.startsWith(childPrefix)) {
    const why = `${childPrefix} begins the names of temporary agents`;
    return [{ path: ["name"], why, remedy: "take another name" }];
  }
  if (raw.name === fileName) return [];
  const why = `${raw.name} is not the name of the file, ${fileName}.yaml`;
  return [{ path: ["name"], why, remedy: `rename the file to ${raw.name}.yaml, or the agent` }];
}

function brokenModel(agent: Agent, raw: RawAgent, { system }: Surroundings): Broken[] {
  if (Object.hasOwn(system.models, agent.model)) return [];
  const whose = raw.model === undefined ? ` (the default of tier ${agent.tier})` : "";
  const why = `there is no model alias ${agent.model}${whose}`;
  const remedy = `the aliases of con.yaml are: ${Object.keys(system.models).join(", ")}`;
  return [{ path: ["model"], why, remedy }];
}

function brokenModels(raw: RawAgent, { system: { models } }: Surroundings): Broken[] {
  return entriesOf(raw.can, "models").flatMap(({ text: alias, path }) => {
    if (Object.hasOwn(models, alias)) return [];
    const remedy = `the aliases of con.yaml are: ${Object.keys(models).join(", ")}`;
    return [{ path, why: `there is no model alias ${alias}`, remedy }];
  });
}

function brokenTargets(raw: RawAgent, { known }: Surroundings): Broken[] {
  return entriesOf(raw.can, "task").flatMap(({ text: target, path }) => {
    if (target === raw.name)
      return [{ path, why: "an agent cannot give tasks to itself", remedy: "remove it" }];
    if (known.has(target)) return [];
    const remedy = `the agents are: ${[...known].sort().join(", ")}`;
    return [{ path, why: `there is no agent ${target}`, remedy }];
  });
}

function brokenLimits({ limits = {} }: RawAgent): Broken[] {
  const broken: Broken[] = [];
  if (limits.runtime !== undefined && parseDuration(limits.runtime) === null)
    broken.push({
      path: ["limits", "runtime"],
      why: `${limits.runtime} is more than a day`,
      remedy: "expected a time like 90s, 30min or 2h, at most 24h",
    });
  if (limits.memory !== undefined && (parseMemory(limits.memory) ?? 0) < leastMemory)
    broken.push({
      path: ["limits", "memory"],
      why: `${limits.memory} is too little for the runner itself`,
      remedy: "expected at least 128M",
    });
  return broken;
}
