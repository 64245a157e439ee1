/**
 * Who asked for which agent: one file each in /var/lib/con/commissions, written by the steward only.
 *
 * It decides whom an agent may change, stop or retire, and which agents it may task without being told in its
 * manifest. Pure but for `readCommissions`. A damaged record is everybody's "not yours".
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { namePattern } from "../config/grammar.ts";
import type { Agent, Config } from "../config/types.ts";
import { namesIn } from "../system/disk.ts";
import { jsonOrNull } from "../system/json.ts";
import { commissions as commissionsDirectory } from "./paths.ts";

export interface Commission {
  readonly version: 1;
  readonly agent: string;
  /** `agent` is null where a person asked. */
  readonly by: { readonly uid: number; readonly name: string; readonly agent: string | null };
  /** The steward's request that made it. */
  readonly request: string;
  readonly at: string;
  /** When it was retired; null while it is there. */
  readonly retired: string | null;
}

export type Commissions = ReadonlyMap<string, Commission>;

export const commissionFile = (agent: string): string => `${agent}.json`;

export function readCommissions(directory: string = commissionsDirectory): Commissions {
  const found = new Map<string, Commission>();
  for (const file of namesIn(directory)) {
    const name = file.replace(/\.json$/, "");
    if (!file.endsWith(".json") || !namePattern.test(name)) continue;
    found.set(name, parse(readFileSync(join(directory, file), "utf8"), name));
  }
  return found;
}

function parse(text: string, agent: string): Commission {
  const unknown: Commission = {
    version: 1,
    agent,
    by: { uid: 0, name: "root", agent: null },
    request: "",
    at: new Date(0).toISOString(),
    retired: null,
  };
  const value = jsonOrNull(text) as Partial<Commission> | null;
  return value?.version === 1 && value.agent === agent ? { ...unknown, ...value } : unknown;
}

/** Agents that are there now because `parent` asked for them. */
export const childrenOf = (parent: string, agents: readonly Agent[], known: Commissions): Agent[] =>
  agents.filter(({ name }) => {
    const commission = known.get(name);
    return commission?.by.agent === parent && commission.retired === null;
  });

/** An agent may give tasks to those that it commissioned: for this they were made. */
export function withChildren(config: Config, known: Commissions): Config {
  if (known.size === 0) return config;
  const agents = config.agents.map((agent): Agent => {
    const children = childrenOf(agent.name, config.agents, known).map(({ name }) => name);
    const task = new Set([...agent.can.task, ...children.filter((name) => name !== agent.name)]);
    if (task.size === agent.can.task.length) return agent;
    return { ...agent, can: { ...agent.can, task: [...task].sort() } };
  });
  return { ...config, agents };
}
