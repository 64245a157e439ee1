/**
 * How far a manifest goes beyond what the agent that asks for it may give away. Pure.
 *
 * Nothing is given that the asker does not hold: rights lie within its `may.grant`, what the new agent may ask
 * for and give away within its own `may`, limits and budget within its own, and a tool whose calls wait for
 * a person at the asker waits for one there too. Instructions and schedule are free: they are words.
 */
import { isDeepStrictEqual } from "node:util";
import { parseNetworkTarget } from "../config/grammar.ts";
import { type GrantKind, untilKey } from "../config/grants.ts";
import type { AgentRuntime } from "../config/runtime.ts";
import { spawnRule, spawnTools } from "../config/spawn.ts";
import { toolCovers } from "../config/tool-groups.ts";
import type { Agent, SpawnRight } from "../config/types.ts";
import { budgets, limits, type Purse } from "./amounts.ts";
import { approvals, constraints, type Excess, rulesFor } from "./bounds.ts";

/** Alive at a time, of one agent. */
export const maxChildren = 32;

export interface Family {
  /** Other agents that are there because the same agent asked for them. */
  readonly siblings: readonly Agent[];
  /** Absent: the asker's own alone, of which the siblings have a part. */
  readonly purses?: readonly Purse[];
  /** The alias of its tier, for agents that name none. */
  readonly defaultModel: string;
}

type Holder = Pick<
  AgentRuntime,
  | "name"
  | "model"
  | "can"
  | "may"
  | "limits"
  | "budget"
  | "approval"
  | "constraints"
  | "spawn"
  | "mcp"
  | "gpu"
>;

/**
 * Every grant that is too much, in words; empty when all of it may be given. What the agent had `before`, with the same
 * bounds, is no new gift.
 */
export function beyond(
  agent: Agent,
  holder: Holder,
  family: Family,
  before: Agent | null = null,
): string[] {
  const had = before === null ? [] : excesses(before, holder, family);
  const more = excesses(agent, holder, family).filter(
    (one) => !had.some((other) => isDeepStrictEqual(one, other)),
  );
  // How long and how much of it is kept, and which program does the work, is for people to say, also to take back.
  const ofPeople = (["retention", "archive", "runner"] as const).filter(
    (key) => !isDeepStrictEqual(agent[key], before?.[key]),
  );
  return [...ofPeople, ...more.map(({ text }) => text)];
}

function excesses(agent: Agent, holder: Holder, family: Family): Excess[] {
  const { grant } = holder.may;
  const { siblings, purses = [{ budget: holder.budget, given: siblings }] } = family;
  const plain = [
    ...(grant.tiers.includes(agent.tier) ? [] : [`tier ${agent.tier}`]),
    // Instructions and skills of a role are people's; and con gives some roles a meaning of their own.
    ...agent.roles.map((role) => `role ${role}`),
    ...(agent.model === holder.model || agent.model === family.defaultModel
      ? []
      : [`model ${agent.model}`]),
    ...(agent.gpu === undefined || holder.gpu === true ? [] : ["gpu"]),
    ...authority(agent, holder),
    ...limits(agent, holder),
    ...budgets(agent, holder, purses),
    ...(siblings.length < maxChildren ? [] : [`more than ${maxChildren} agents of its own`]),
  ];
  return [
    ...plain.map((text) => ({ text })),
    ...rights(agent, holder),
    ...models(agent, holder),
    ...spawning(agent, holder.spawn ?? null),
    ...servers(agent, holder),
    ...approvals(agent, holder),
    ...constraints(agent, holder),
  ];
}

function rights(agent: Agent, { may: { grant } }: Holder): Excess[] {
  const { can, spawn } = agent;
  const readable = [...grant.read, ...grant.write];
  // These come with can.spawn, which is judged by itself.
  const tools = can.tools.filter((tool) => spawn === null || !spawnTools.includes(tool));
  const timed = (kind: GrantKind, may: (one: string) => boolean): Excess[] =>
    can[kind]
      .filter((one) => !may(one))
      .map((one) => ({
        text: `can.${kind} ${one}`,
        bounds: agent.constraints.until[untilKey(kind, one)],
      }));
  return [
    ...timed("task", inList(grant.task)),
    ...timed("read", below(readable)),
    ...timed("write", below(grant.write)),
    ...timed("network", reaches(grant.network)),
    ...tools
      .filter((tool) => !coveredBy(grant.tools)(tool))
      .map((tool) => ({
        text: `can.tools ${tool}`,
        bounds: [agent.constraints.tools[tool], rulesFor(agent, tool)],
      })),
  ];
}

/** No model that the asker may not use itself, and for no longer. */
function models({ can, constraints: { until } }: Agent, holder: Holder): Excess[] {
  const own = holder.constraints?.until ?? {};
  const isWithin = (alias: string): boolean => {
    if (alias === holder.model) return true;
    const key = untilKey("models", alias);
    const isHeld = (holder.can.models ?? []).includes(alias);
    return isHeld && (until[key] ?? Infinity) <= (own[key] ?? Infinity);
  };
  return can.models
    .filter((alias) => !isWithin(alias))
    .map((alias) => ({ text: `can.models ${alias}`, bounds: until[untilKey("models", alias)] }));
}

/** Only the same as the asker's: a server may hold keys, and speak to whatever it likes with them. */
const servers = ({ mcp = {} }: Agent, holder: Holder): Excess[] =>
  Object.entries(mcp).flatMap(([name, server]) =>
    isDeepStrictEqual(server, holder.mcp?.[name]) ? [] : [{ text: `mcp ${name}`, bounds: server }],
  );

/** No more than the asker may make itself. */
function spawning(agent: Agent, own: SpawnRight | null): Excess[] {
  if (agent.spawn === null) return [];
  const { roles, depth, live } = agent.spawn;
  const texts = [
    ...outside("can.spawn.roles", roles, (role) => own?.roles.includes(role) ?? false),
    ...(depth <= (own?.depth ?? 0) ? [] : [`can.spawn.depth ${depth}`]),
    ...(live <= (own?.live ?? 0) ? [] : [`can.spawn.live ${live}`]),
  ];
  return texts.map((text) => ({ text, bounds: rulesFor(agent, spawnRule) }));
}

/** What it may ask for and give away in its turn. */
function authority({ may }: Agent, { may: own }: Holder): string[] {
  const { grant } = may;
  const readable = [...own.grant.read, ...own.grant.write];
  return [
    ...outside("may.request", may.request, (verb) => own.request.includes(verb)),
    ...outside("may.propose", may.propose ?? [], (one) =>
      (own.propose ?? []).some((held) => held === one),
    ),
    ...outside("may.grant.tiers", grant.tiers, (tier) =>
      own.grant.tiers.some((one) => one === tier),
    ),
    ...outside("may.grant.task", grant.task, inList(own.grant.task)),
    ...outside("may.grant.read", grant.read, below(readable)),
    ...outside("may.grant.write", grant.write, below(own.grant.write)),
    ...outside("may.grant.network", grant.network, reaches(own.grant.network)),
    ...outside("may.grant.tools", grant.tools, coveredBy(own.grant.tools)),
  ];
}

const outside = (key: string, list: readonly string[], may: (one: string) => boolean): string[] =>
  list.filter((one) => !may(one)).map((one) => `${key} ${one}`);

const inList =
  (list: readonly string[]) =>
  (one: string): boolean =>
    list.includes("*") || list.includes(one);

const coveredBy =
  (list: readonly string[]) =>
  (tool: string): boolean =>
    list.includes("*") || list.some((one) => toolCovers(one, tool));

const below =
  (roots: readonly string[]) =>
  (path: string): boolean =>
    roots.some((root) => path === root || path.startsWith(`${root}/`));

const reaches =
  (list: readonly string[]) =>
  (one: string): boolean =>
    list.includes("*") || list.some((target) => targetOf(target) === targetOf(one));

/** The same host and port in another spelling is the same. */
function targetOf(text: string): string {
  const target = parseNetworkTarget(text);
  return target === null ? text : `${target.kind} ${target.host.toLowerCase()} ${target.port}`;
}
