/**
 * How far a manifest goes beyond what the agent that asks for it may give away. Pure.
 *
 * Nothing is given that the asker does not hold: rights lie within its `may.grant`, what the new agent may ask
 * for and give away within its own `may`, limits and budget within its own, and a tool whose calls wait for
 * a person at the asker waits for one there too. Instructions and schedule are free: they are words.
 */
import { isDeepStrictEqual } from "node:util";
import { parseMemory, parseNetworkTarget } from "../config/grammar.ts";
import { untilKey } from "../config/grants.ts";
import type { AgentRuntime } from "../config/runtime.ts";
import { spawnRule, spawnTools } from "../config/spawn.ts";
import { spendTool } from "../config/spend.ts";
import { toolCovers, toolsMeet } from "../config/tool-groups.ts";
import type { Agent, Budget, SpawnRight } from "../config/types.ts";
import { isAsWide } from "../config/when.ts";

/** Alive at a time, of one agent. */
export const maxChildren = 32;

export interface Family {
  /** Other agents that are there because the same agent asked for them. */
  readonly siblings: readonly Agent[];
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

/** Every grant that is too much, in words; empty when all of it may be given. */
export function beyond(agent: Agent, holder: Holder, family: Family): string[] {
  const { grant } = holder.may;
  return [
    ...(grant.tiers.includes(agent.tier) ? [] : [`tier ${agent.tier}`]),
    // Instructions and skills of a role are people's; and con gives some roles a meaning of their own.
    ...agent.roles.map((role) => `role ${role}`),
    // For how long traces of an agent are kept, and how much, is for people to say.
    ...(agent.retention === undefined ? [] : ["retention"]),
    ...(agent.archive === undefined ? [] : ["archive"]),
    ...(agent.model === holder.model || agent.model === family.defaultModel
      ? []
      : [`model ${agent.model}`]),
    ...rights(agent, holder),
    ...models(agent, holder),
    ...spawning(agent.spawn, holder.spawn ?? null),
    ...servers(agent, holder),
    // Which program does the work is for people to say.
    ...(agent.runner === undefined ? [] : ["runner"]),
    ...(agent.gpu === undefined || holder.gpu === true ? [] : ["gpu"]),
    ...authority(agent, holder),
    ...limits(agent, holder),
    ...approvals(agent, holder),
    ...constraints(agent, holder),
    ...budgets(agent, holder, family.siblings),
    ...(family.siblings.length < maxChildren ? [] : [`more than ${maxChildren} agents of its own`]),
  ];
}

function rights({ can, spawn }: Agent, { may: { grant } }: Holder): string[] {
  const readable = [...grant.read, ...grant.write];
  // These come with can.spawn, which is judged by itself.
  const tools = can.tools.filter((tool) => spawn === null || !spawnTools.includes(tool));
  return [
    ...outside("can.task", can.task, inList(grant.task)),
    ...outside("can.read", can.read, below(readable)),
    ...outside("can.write", can.write, below(grant.write)),
    ...outside("can.network", can.network, reaches(grant.network)),
    ...outside("can.tools", tools, coveredBy(grant.tools)),
  ];
}

/** No model that the asker may not use itself, and for no longer. */
function models({ can, constraints: { until } }: Agent, holder: Holder): string[] {
  const endOf = (ends: Readonly<Record<string, number>> | undefined, alias: string): number =>
    ends?.[untilKey("models", alias)] ?? Infinity;
  return outside("can.models", can.models, (alias) => {
    if (alias === holder.model) return true;
    const isHeld = (holder.can.models ?? []).includes(alias);
    return isHeld && endOf(until, alias) <= endOf(holder.constraints?.until, alias);
  });
}

/** Only the same as the asker's: a server may hold keys, and speak to whatever it likes with them. */
const servers = ({ mcp = {} }: Agent, holder: Holder): string[] =>
  Object.entries(mcp).flatMap(([name, server]) =>
    isDeepStrictEqual(server, holder.mcp?.[name]) ? [] : [`mcp ${name}`],
  );

/** No more than the asker may make itself. */
function spawning(wanted: SpawnRight | null, own: SpawnRight | null): string[] {
  if (wanted === null) return [];
  const { roles, depth, live } = wanted;
  return [
    ...outside("can.spawn.roles", roles, (role) => own?.roles.includes(role) ?? false),
    ...(depth <= (own?.depth ?? 0) ? [] : [`can.spawn.depth ${depth}`]),
    ...(live <= (own?.live ?? 0) ? [] : [`can.spawn.live ${live}`]),
  ];
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

function limits({ limits: wanted }: Agent, { limits: own }: Holder): string[] {
  const percent = (text: string): number => Number(text.replace("%", ""));
  const rows: readonly (readonly [string, number, number])[] = [
    [
      `limits.memory ${wanted.memory}`,
      parseMemory(wanted.memory) ?? Infinity,
      parseMemory(own.memory) ?? 0,
    ],
    [`limits.cpu ${wanted.cpu}`, percent(wanted.cpu), percent(own.cpu)],
    [`limits.tasks ${wanted.tasks}`, wanted.tasks, own.tasks],
    [`limits.runtime ${wanted.runtimeSeconds}s`, wanted.runtimeSeconds, own.runtimeSeconds],
    [`limits.steps ${wanted.steps}`, wanted.steps, own.steps],
  ];
  return rows.filter(([, is, most]) => !(is <= most)).map(([text]) => text);
}

/** A person who is asked here must not be gone around there. */
function approvals({ approval, can }: Agent, holder: Holder): string[] {
  return holder.approval.flatMap(({ tool, approvers, when }) => {
    const isKept = approval.some(
      (one) => one.tool === tool && one.approvers >= approvers && isAsWide(one.when, when),
    );
    // What a task spends needs no tool, and one rule is for both that spawn.
    const names = tool === spawnRule ? spawnTools : [tool];
    const has =
      tool === spendTool || names.some((name) => can.tools.some((one) => toolsMeet(one, name)));
    if (isKept || !has) return [];
    const under = when === undefined ? "" : " under the same when";
    return [`tool ${tool} without approval by ${approvers}${under}`];
  });
}

/** What is bounded here is bounded there, at least as tightly. */
function constraints({ can, constraints: own }: Agent, holder: Holder): string[] {
  return Object.entries(holder.constraints?.tools ?? {}).flatMap(([tool, most]) => {
    if (!can.tools.some((one) => toolsMeet(one, tool))) return [];
    const wanted = own.tools[tool] ?? { perMinute: null, uses: null, until: null };
    const keys = ["perMinute", "uses", "until"] as const;
    const loose = keys.filter((key) => !((wanted[key] ?? Infinity) <= (most[key] ?? Infinity)));
    return loose.map((key) => `tool ${tool} beyond its ${constraintWords[key]}`);
  });
}

const constraintWords = { perMinute: "rate", uses: "number of uses", until: "end" } as const;

const keys = {
  usdPerDay: "budget.usd_per_day",
  tokensPerDay: "budget.tokens_per_day",
  usdPerTask: "budget.usd_per_task",
  tokensPerTask: "budget.tokens_per_task",
  askUsdPerTask: "budget.ask_usd_per_task",
  askTokensPerTask: "budget.ask_tokens_per_task",
  tokensPerCall: "budget.tokens_per_call",
} as const;

/** What is counted by the day is shared by all that one agent commissioned. */
const daily: readonly string[] = ["usdPerDay", "tokensPerDay"];

function budgets({ budget }: Agent, holder: Holder, siblings: readonly Agent[]): string[] {
  return (Object.keys(keys) as (keyof typeof keys)[]).flatMap((key) => {
    // A file of an earlier version lacks the newer keys.
    const most = holder.budget[key] ?? null;
    if (most === null) return [];
    const given = daily.includes(key) ? sum(siblings, key) : 0;
    const left = Math.max(0, most - given);
    const wanted = budget[key];
    if (wanted !== null && wanted <= left) return [];
    return [`${keys[key]} ${wanted ?? "without end"} (left to give: ${left})`];
  });
}

const sum = (agents: readonly Agent[], key: keyof typeof keys & keyof Budget): number =>
  agents.reduce((total, { budget }) => total + (budget[key] ?? 0), 0);
