/**
 * What is stopped on purpose: agents on their own, all workers, or all agents. Pure but for `readHolds`.
 *
 * One file each in /var/lib/con/holds, written by the steward only; PID 1 tests for them too
 * (ConditionPathExists=), so they hold when our code is wrong. After a crash: a hold is there or it is
 * not; facts that do not fit it yet are converged by the next bootstrap or request.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../system/disk.ts";
import type { Fact } from "./facts.ts";
import { agentBase, holds as holdsDirectory, root } from "./paths.ts";

export interface Hold {
  readonly version: 1;
  /** Quarantined agents also get no tasks: their inbox has no senders. */
  readonly kind: "paused" | "quarantined" | "halted";
  readonly at: string;
  readonly by: { readonly uid: number; readonly name: string };
  readonly why: string;
  readonly incident: string | null;
}

export interface Holds {
  readonly agents: ReadonlyMap<string, Hold>;
  readonly allWorkers: Hold | null;
  readonly allAgents: Hold | null;
}

/** Names that begin with `_` are no agents. */
export const holdFiles = { workers: "_workers.json", agents: "_agents.json" } as const;
export const holdFile = (agent: string): string => `${agent}.json`;

export const noHolds: Holds = { agents: new Map(), allWorkers: null, allAgents: null };

/** A file with odd content still holds: whoever stopped something must not be undone by damage. */
export function readHolds(directory: string = holdsDirectory): Holds {
  const agents = new Map<string, Hold>();
  let allWorkers: Hold | null = null;
  let allAgents: Hold | null = null;
  for (const name of list(directory)) {
    if (!/^[_a-z][a-z0-9-]*\.json$/.test(name)) continue;
    const hold = parseHold(readFileSync(join(directory, name), "utf8"));
    if (name === holdFiles.workers) allWorkers = hold;
    else if (name === holdFiles.agents) allAgents = hold;
    else agents.set(name.slice(0, -".json".length), hold);
  }
  return { agents, allWorkers, allAgents };
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}

const damaged: Hold = {
  version: 1,
  kind: "paused",
  at: new Date(0).toISOString(),
  by: { uid: 0, name: "root" },
  why: "the note of this hold is damaged",
  incident: null,
};

function parseHold(text: string): Hold {
  try {
    const value = JSON.parse(text) as Partial<Hold> | null;
    const known = ["paused", "quarantined", "halted"].includes(value?.kind ?? "");
    return value?.version === 1 && known ? { ...damaged, ...value } : damaged;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return damaged;
  }
}

/** The hold that keeps `agent` from running, the weightiest first; null when it may run. */
export function holdOf(
  holds: Holds,
  agent: { readonly name: string; readonly tier: string },
): Hold | null {
  const own = holds.agents.get(agent.name) ?? null;
  if (own?.kind === "quarantined") return own;
  return holds.allAgents ?? (agent.tier === "worker" ? holds.allWorkers : null) ?? own;
}

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
  const agents = new Set(facts.flatMap((fact) => (fact.kind === "unit" ? (fact.agent ?? []) : [])));
  const runners = [...agents].filter((name) => held(name) !== null).map(stoppedRunner);
  const laid = facts.flatMap((fact): Fact[] => {
    if (fact.kind === "unit")
      return [held(fact.agent) === null ? fact : { ...fact, wanted: "inactive" }];
    if (fact.kind === "fifo")
      return held(fact.path.slice(fact.path.lastIndexOf("/") + 1)) === null ? [fact] : [];
    if (fact.kind !== "directory") return [fact];
    const owner = inboxOwner(fact.path);
    if (owner === null || holds.agents.get(owner)?.kind !== "quarantined") return [fact];
    return [{ ...fact, named: [] }];
  });
  return [...laid, ...runners];
}

const stoppedRunner = (agent: string): Fact => ({
  kind: "unit",
  name: `con@${agent}.service`,
  agent,
  wanted: "inactive",
});

/** The agent whose inbox `path` is. The outer inbox stays open: it belongs to people. */
function inboxOwner(path: string): string | null {
  const match = new RegExp(`^${root}/agents/([^/]+)/inbox$`).exec(path);
  return match?.[1] !== undefined && path === join(agentBase(match[1]), "inbox") ? match[1] : null;
}
