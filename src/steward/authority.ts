/**
 * Who may ask for what, of whom. Reads what root compiled; changes nothing.
 *
 * People of group trusted and root have no ceiling. An agent may ask for the verbs of its `may.request`, as
 * they were compiled; it may change and retire only agents that it commissioned, and stop those and the ones
 * that its `may.grant.task` names. For itself it may ask for grants, and people decide. What somebody else
 * stopped it never lets go again.
 */
import { loadConfigFiles } from "../config/load.ts";
import { parseConfig } from "../config/parse.ts";
import type { AgentRuntime } from "../config/runtime.ts";
import type { Agent } from "../config/types.ts";
import { childrenOf, readCommissions } from "../host/commissions.ts";
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
  if (hold === undefined || hold.by.uid === by.uid) return null;
  return `${by.name} may not let ${agent} go: ${hold.by.name} stopped it: ask who did, or a person`;
}

/** What `agent` would get beyond what its asker may give and it has not already. */
export function tooMuch(
  world: StewardWorld,
  by: Requester,
  wanted: { readonly agent: Agent; readonly before: Agent | null; readonly defaultModel: string },
): string[] {
  const asker = askerOf(world, by);
  if (by.kind !== "agent") return [];
  const holder = asker === null ? null : world.runtime(asker);
  if (holder === null) return ["anything: its own manifest is not deployed"];
  const { config } = parseConfig(loadConfigFiles(world.places.configuration));
  const known = readCommissions(world.places.commissions);
  const siblings = childrenOf(holder.name, config?.agents ?? [], known).filter(
    ({ name }) => name !== wanted.agent.name,
  );
  const family = { siblings, defaultModel: wanted.defaultModel };
  const had = new Set(wanted.before === null ? [] : beyond(wanted.before, holder, family));
  return beyond(wanted.agent, holder, family).filter((one) => !had.has(one));
}
