/**
 * What a temporary agent is: its role ∩ what its parent holds now ∩ what was asked for. Pure.
 *
 * Derived anew by each plan, so that a grant which the parent loses, or which ends, is gone here too. Never: gives
 * anything that the parent does not hold at this moment, for longer than the parent holds it, or with fewer people
 * to ask; depends on the order of a list.
 */
import { noBudget, noMay } from "./authority.ts";
import { defaultAskAfter, defaultReviewEvery } from "./brakes.ts";
import { childCascade } from "./cascade.ts";
import { childTools } from "./child-tools.ts";
import { parseMemory } from "./grammar.ts";
import { type GrantKind, inForce } from "./grants.ts";
import { childMcp } from "./mcp.ts";
import type { ChildOf, Narrowed } from "./order.ts";
import {
  endsOf,
  innerDirectory,
  merged,
  type Narrower,
  narrow,
  narrowerTarget,
  outermost,
  type Part,
  partsOf,
  sameName,
  textsOf,
} from "./overlap.ts";
import { spawnRule, spawnTools } from "./spawn.ts";
import { spendTool } from "./spend.ts";
import { toolsMeet } from "./tool-groups.ts";
import type { Agent, AgentLimits, ApprovalRule, Role, SpawnRight } from "./types.ts";

/** `lacks`: what was asked for and cannot be had, in words. */
export function childAgent(of: ChildOf): { readonly agent: Agent; readonly lacks: string[] } {
  const { name, parent, role, order } = of;
  const held = inForce(parent.can, parent.constraints, of.now);
  const has = (kind: GrantKind): Part[] => partsOf(held, parent.constraints, kind);
  const left = (kind: keyof Narrowed, parts: readonly Part[], narrower: Narrower): Part[] =>
    narrow(narrow(parts, role.can[kind], narrower), order.can[kind], narrower);
  const write = outermost(left("write", has("write"), innerDirectory));
  const parts = {
    task: left("task", has("task"), sameName),
    // Who may write a directory may read it.
    read: outermost(left("read", [...has("read"), ...has("write")], innerDirectory), write),
    write,
    network: left("network", has("network"), narrowerTarget),
    models: left("models", has("models"), sameName),
  };
  const spawn = spawnLeft(parent.spawn, role.spawn);
  const tools = childTools(has("tools"), of, spawn !== null);
  const model = role.model ?? parent.model;
  const can: Agent["can"] = {
    task: textsOf(parts.task),
    read: textsOf(parts.read),
    write: textsOf(parts.write),
    network: textsOf(parts.network),
    tools: tools.names,
    models: textsOf(parts.models),
  };
  const agent: Agent = {
    name,
    description: role.description,
    tier: "worker",
    roles: [order.role],
    model,
    can,
    constraints: {
      tools: tools.constraints,
      until: Object.fromEntries([
        ...endsOf("task", parts.task),
        ...endsOf("read", parts.read),
        ...endsOf("write", parts.write),
        ...endsOf("network", parts.network),
        ...endsOf("models", parts.models),
      ]),
    },
    spawn: tools.names.some((tool) => spawnTools.includes(tool)) ? spawn : null,
    may: noMay,
    approval: approvalLeft([...parent.approval, ...role.approval], tools.names),
    budget: {
      ...noBudget,
      usdPerTask: order.usd,
      tokensPerTask: order.tokens,
      tokensPerCall: parent.budget.tokensPerCall,
      // Its parent waits: to fail now is better than to wait for the reset.
      over: "fail",
      warnPct: parent.budget.warnPct,
    },
    ...childCascade(parent.cascade, role.cascade, { model, can }),
    limits: leastLimits(role.limits, parent.limits),
    ...(role.gpu === true && parent.gpu === true ? { gpu: true } : {}),
    ...childMcp(parent.mcp, tools.names),
    schedule: null,
    instructions: "",
  };
  const granted = { ...parts, read: merged([...parts.read, ...write]) };
  return { agent, lacks: [...grantsLacking(of, granted), ...tools.lacks] };
}

const narrowers = {
  task: sameName,
  read: innerDirectory,
  write: innerDirectory,
  network: narrowerTarget,
  models: sameName,
} as const;

function grantsLacking(
  { parent, order }: ChildOf,
  granted: Readonly<Record<keyof typeof narrowers, readonly Part[]>>,
): string[] {
  return (Object.keys(narrowers) as (keyof typeof narrowers)[]).flatMap((kind) => {
    const wanted = [...new Set(order.can[kind] ?? [])].filter((text) => text !== "*").sort();
    return wanted.flatMap((text) => {
      const common = granted[kind].flatMap((part) => narrowers[kind](part.text, text) ?? []);
      if (common.some((one) => narrowers[kind](text, one) === text)) return [];
      if (common.length > 0) return [`${kind} ${text}: only ${common.join(", ")}`];
      return [
        `${kind} ${text}: ${parent.name} has it not, or role ${order.role} does not allow it`,
      ];
    });
  });
}

function spawnLeft(parent: SpawnRight | null, role: SpawnRight | null): SpawnRight | null {
  if (parent === null || role === null) return null;
  const roles = role.roles.filter((one) => parent.roles.includes(one)).sort();
  const depth = Math.min(role.depth, parent.depth - 1);
  const live = Math.min(role.live, parent.live);
  return roles.length === 0 || depth < 1 || live < 1 ? null : { roles, depth, live };
}

/** Whoever is asked here is asked there; `spend` is about what the ancestors pay for. */
function approvalLeft(rules: readonly ApprovalRule[], tools: readonly string[]): ApprovalRule[] {
  const maySpawn = tools.some((tool) => spawnTools.includes(tool));
  const meant = rules.filter(
    ({ tool }) =>
      tool === spendTool ||
      tools.some((one) => toolsMeet(one, tool)) ||
      (tool === spawnRule && maySpawn),
  );
  const byText = new Map(meant.map((rule) => [JSON.stringify(rule), rule]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule);
}

function leastLimits(role: Role["limits"], parent: AgentLimits): AgentLimits {
  const percent = (text: string): number => Number(text.replace("%", ""));
  const bytes = (text: string): number => parseMemory(text) ?? 0;
  return {
    memory: least(role.memory, parent.memory, bytes),
    cpu: least(role.cpu, parent.cpu, percent),
    tasks: Math.min(role.tasks ?? Infinity, parent.tasks),
    runtimeSeconds: Math.min(role.runtimeSeconds ?? Infinity, parent.runtimeSeconds),
    steps: Math.min(role.steps ?? Infinity, parent.steps),
    reviewEvery: Math.min(role.reviewEvery ?? Infinity, parent.reviewEvery ?? defaultReviewEvery),
    askAfter: Math.min(role.askAfter ?? Infinity, parent.askAfter ?? defaultAskAfter),
  };
}

const least = (role: string | null, parent: string, amount: (text: string) => number): string =>
  role !== null && amount(role) < amount(parent) ? role : parent;
