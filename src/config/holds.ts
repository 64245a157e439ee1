/**
 * What is stopped on purpose: agents on their own, all workers, or all agents. Pure but for `readHolds`.
 *
 * One file each in /var/lib/con/holds, written by the steward only; PID 1 tests for them too
 * (ConditionPathExists=), so they hold when our code is wrong. After a crash: a hold is there or it is
 * not; facts that do not fit it yet are converged by the next bootstrap or request.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const holdsDirectory = "/var/lib/con/holds";

export interface Hold {
  readonly version: 1;
  /** Quarantined agents also get no tasks: their inbox has no senders. */
  readonly kind: "paused" | "quarantined" | "halted";
  readonly at: string;
  readonly by: { readonly uid: number; readonly name: string };
  readonly why: string;
  readonly incident: string | null;
  /** Who had paused it before it was quarantined; absent: nobody. */
  readonly over?: Hold["by"];
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
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
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
