/**
 * Who may ask for what, of whom. Reads what root compiled; changes nothing.
 *
 * People of group trusted and root have no ceiling. An agent may ask for the verbs of its `may.request`, as
 * they were compiled; it may change and retire only agents that it commissioned, and stop those and the ones
 * that its `may.grant.task` names. For itself it may ask for grants, and people decide. What somebody else
 * stopped it never lets go again.
 */
import type { AgentRuntime } from "../config/runtime.ts";
import type { Agent, Config } from "../config/types.ts";
import { type Commissions, childrenOf, readCommissions } from "../host/commissions.ts";
import type { Purse } from "./amounts.ts";
import { beyond } from "./ceiling.ts";
import { holdsNow } from "./hold.ts";

import { type Requester, refusal } from "./policy.ts";
import type { StewardRequest } from "./types.ts";
import type { StewardWorld } from "./world.ts";

/** The agent whose uid asks; null for people, and for a uid of one that is gone. */
export const askerOf = (world: StewardWorld, by: Requester): string | null =>
  by.kind === "agent" ? (world.agents().find(({ uid }) => uid === by.uid)?.name ?? null) : null;

/** Null when it may ask for this at all; how much it may have is `tooMuch`. */
export function refusalOf(
  world: StewardWorld,
  by: Requester,
  request: StewardRequest,
): string | null {
  const asker = askerOf(world, by);
  const may = asker === null ? [] : verbsOf(world.runtime(asker));
  const why = refusal(by, request.verb, may);
  if (why !== null || asker === null || !("agent" in request)) return why;
  return over(world, by, asker, request);
}

/**
 * Who may make temporary agents says `can.spawn` alone, who may propose changes `may.propose`, who needs packages `forge_tool`,
 * who reviews `review_change` (and con.yaml).
 */
function verbsOf(runtime: AgentRuntime | null): string[] {
  const spawns = (runtime?.spawn ?? null) !== null;
  const proposes = (runtime?.may.propose ?? []).length > 0;
  const forges = runtime?.can.tools.includes("forge_tool") ?? false;
  const reviews = runtime?.can.tools.includes("review_change") ?? false;
  const own = ["spawn", "propose", "share_tool", "review", "install_layer"];
  const others = (runtime?.may.request ?? []).filter((verb) => !own.includes(verb));
  return [
    ...others,
    ...(spawns ? ["spawn"] : []),
    ...(proposes ? ["propose"] : []),
    ...(reviews ? ["review"] : []),
    ...(forges ? ["install_layer"] : []),
  ];
}

type About = Extract<StewardRequest, { readonly agent: string }>;

function over(
  world: StewardWorld,
  by: Requester,
  asker: string,
  { verb, agent }: About,
): string | null {
  if (isOwn(world, asker, agent)) return verb === "resume" ? unheld(world, by, agent) : null;
  // For itself: a person decides (rewrite.ts).
  if (verb === "grant" && agent === asker) return null;
  const remedy = "ask a person (root or group trusted)";
  if (["amend", "retire", "grant", "revoke"].includes(verb))
    return `${by.name} may not ask for ${verb} of ${agent}: it did not commission it: ${remedy}`;
  const reach = world.runtime(asker)?.may.grant.task ?? [];
  if (agent === asker || !(reach.includes("*") || reach.includes(agent)))
    return `${by.name} may not ask for ${verb} of ${agent}: may.grant.task does not name it: ${remedy}`;
  return verb === "resume" ? unheld(world, by, agent) : null;
}

const isOwn = (world: StewardWorld, asker: string, agent: string): boolean => {
  const commission = readCommissions(world.places.commissions).get(agent);
  return commission?.by.agent === asker && commission.retired === null;
};

function unheld(world: StewardWorld, by: Requester, agent: string): string | null {
  const hold = holdsNow(world).agents.get(agent);
  const other = [hold?.over, hold?.by].find((one) => one !== undefined && one.uid !== by.uid);
  if (other === undefined) return null;
  return `${by.name} may not let ${agent} go: ${other.name} stopped it: ask who did, or a person`;
}

/** What `agent` would get beyond what its asker may give and it has not already. `config` is with it. */
export function tooMuch(
  world: StewardWorld,
  by: Requester,
  { agent, before, config, defaultModel }: Wanted,
): string[] {
  if (by.kind !== "agent") return [];
  const asker = askerOf(world, by);
  const holder = asker === null ? null : world.runtime(asker);
  if (holder === null) return ["anything: its own manifest is not deployed"];
  const known = readCommissions(world.places.commissions);
  const isOther = ({ name }: Agent): boolean => name !== agent.name;
  const siblings = childrenOf(holder.name, config.agents, known).filter(isOther);
  const purses = withThoseAbove(holder.name, known).flatMap((name): Purse[] => {
    const budget = world.runtime(name)?.budget;
    const given = madeBelow(name, config.agents, known).filter(isOther);
    return budget === undefined ? [] : [{ budget, given }];
  });
  return beyond(agent, holder, { siblings, purses, defaultModel }, before);
}

/** An agent, who commissioned it, who commissioned that one, and so on, also through one that is retired. */
function withThoseAbove(agent: string, known: Commissions): string[] {
  const names = new Set([agent]);
  for (const name of names) {
    const commission = known.get(name);
    const isOver = name === agent && commission?.retired !== null;
    const above = commission?.by.agent ?? null;
    if (!isOver && above !== null) names.add(above);
  }
  return [...names];
}

/** All that are there because of one agent, at whatever remove, also through one that is retired. */
function madeBelow(agent: string, agents: readonly Agent[], known: Commissions): Agent[] {
  const names = new Set([agent]);
  for (const name of names)
    for (const [made, { by }] of known) if (by.agent === name) names.add(made);
  const isThere = (name: string): boolean => known.get(name)?.retired === null;
  return agents.filter(({ name }) => name !== agent && names.has(name) && isThere(name));
}

interface Wanted {
  readonly agent: Agent;
  /** As it was; null for a new one. */
  readonly before: Agent | null;
  readonly config: Pick<Config, "agents">;
  readonly defaultModel: string;
}
