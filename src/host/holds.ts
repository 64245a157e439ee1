/** Lays what is stopped on purpose (config/holds.ts) over the facts of a plan. Pure. */
import { join } from "node:path";
import { type Hold, type Holds, holdOf } from "../config/holds.ts";
import type { NamedEntry } from "./acl-entries.ts";
import type { DirectoryFact, Fact } from "./facts.ts";
import { agentBase, root } from "./paths.ts";

/**
 * Lays holds over the facts of a plan: units that wake a held agent are wanted inactive, the FIFO of its
 * bell is then not wanted at all, its runner does not run, and a quarantined one's inbox has no named
 * entries.
 */
export function withHolds(
  facts: readonly Fact[],
  holds: Holds,
  tierOf: (agent: string) => string,
): Fact[] {
  const held = (name: string | null): Hold | null =>
    name === null ? null : holdOf(holds, { name, tier: tierOf(name) });
  const outcasts = outcastUids(facts, holds);
  const agents = new Set(facts.flatMap((fact) => (fact.kind === "unit" ? (fact.agent ?? []) : [])));
  const runners = [...agents].filter((name) => held(name) !== null).map(stoppedRunner);
  const laid = facts.flatMap((fact): Fact[] => {
    if (fact.kind === "unit")
      return [held(fact.agent) === null ? fact : { ...fact, wanted: "inactive" }];
    if (fact.kind === "fifo")
      return held(fact.path.slice(fact.path.lastIndexOf("/") + 1)) === null ? [fact] : [];
    return [fact.kind === "directory" ? cutOff(fact, holds, outcasts) : fact];
  });
  return [...laid, ...runners];
}

const stoppedRunner = (agent: string): Fact => ({
  kind: "unit",
  name: `con@${agent}.service`,
  agent,
  wanted: "inactive",
});

/** Uids of quarantined agents: they own their inboxes. */
const outcastUids = (facts: readonly Fact[], holds: Holds): ReadonlySet<number> =>
  new Set(
    facts.flatMap((fact) => {
      const owner = fact.kind === "directory" ? inboxOwner(fact.path) : null;
      const isOut = owner !== null && holds.agents.get(owner)?.kind === "quarantined";
      return isOut && fact.kind === "directory" ? [fact.uid] : [];
    }),
  );

/** Nobody sends to a quarantined agent, and it sends to nobody: neither agents nor the steward. */
function cutOff(fact: DirectoryFact, holds: Holds, outcasts: ReadonlySet<number>): DirectoryFact {
  const owner = inboxOwner(fact.path);
  if (owner !== null && holds.agents.get(owner)?.kind === "quarantined")
    return { ...fact, named: [] };
  if (outcasts.size === 0 || !fact.path.endsWith("/inbox")) return fact;
  const stays = ({ tag, id }: NamedEntry): boolean => tag !== "user" || !outcasts.has(id);
  return { ...fact, named: fact.named.filter(stays) };
}

/** The agent whose inbox `path` is. The outer inbox stays open: it belongs to people. */
function inboxOwner(path: string): string | null {
  const match = new RegExp(`^${root}/agents/([^/]+)/inbox$`).exec(path);
  return match?.[1] !== undefined && path === join(agentBase(match[1]), "inbox") ? match[1] : null;
}
