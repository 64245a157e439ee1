/**
 * Agents as every part of the plan sees them: those of the configuration, and excluded ones as they
 * were deployed last. Pure.
 */

import { noMay } from "../../config/authority.ts";
import { inForce, noConstraints } from "../../config/grants.ts";
import { toolCovers } from "../../config/tool-groups.ts";
import type { Agent, Tier } from "../../config/types.ts";
import { userOf } from "../ids.ts";
import type { Lineage, World } from "../world.ts";

export interface View {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly tier: Tier;
  /** Without what has ended. */
  readonly can: Agent["can"];
  readonly constraints: Agent["constraints"];
  readonly may: Agent["may"];
  readonly approval: Agent["approval"];
  readonly spawn: Agent["spawn"];
  /** Null when the manifest is refused: then nothing of its own is planned. */
  readonly agent: Agent | null;
}

export interface Views {
  readonly all: readonly View[];
  /** Uids of agents that may start work at `name`. */
  readonly taskers: (name: string) => number[];
  /** Uids of agents that `name` may task, and that may therefore answer it. */
  readonly answerers: (name: string) => number[];
}

export function viewsOf(world: World): Views {
  const all = [
    ...world.config.agents.map((agent) => view(world, agent.name, agent.tier, agent, agent)),
    ...world.deployed.map(({ entry, runtime }) =>
      view(
        world,
        entry.name,
        entry.tier,
        {
          can: runtime.can,
          constraints: runtime.constraints ?? noConstraints,
          may: runtime.may ?? noMay,
          approval: runtime.approval ?? [],
          spawn: runtime.spawn ?? null,
        },
        null,
      ),
    ),
  ].sort((a, b) => (a.name < b.name ? -1 : 1));
  const byName = new Map(all.map((one) => [one.name, one]));
  const taskersOf = new Map<string, number[]>();
  for (const { can, uid } of all)
    for (const target of can.task) taskersOf.set(target, [...(taskersOf.get(target) ?? []), uid]);
  return {
    all,
    taskers: (name) => taskersOf.get(name) ?? [],
    answerers: (name) =>
      byName.get(name)?.can.task.flatMap((target) => byName.get(target)?.uid ?? []) ?? [],
  };
}

/** Whether it asks the steward for anything: by its manifest, or because something of its waits for people. */
export const mayAsk = ({ may, approval, spawn, can }: View): boolean =>
  // Packages for what it forges, and a word on what others propose.
  ["forge_tool", "review_change"].some((tool) => can.tools.includes(tool)) ||
  may.request.length > 0 ||
  (may.propose ?? []).length > 0 ||
  approval.length > 0 ||
  spawn !== null;

/** It has a grant of tools that others forged. */
export const callsShared = ({ can }: View): boolean =>
  can.tools.some((entry) => toolCovers("shared", entry));

function view(
  world: World,
  name: string,
  tier: Tier,
  parts: Pick<Agent, "can" | "constraints" | "may" | "approval" | "spawn">,
  configured: Agent | null,
): View {
  const { constraints, may, approval, spawn } = parts;
  const can = inForce(parts.can, constraints, world.now);
  const agent = configured === null ? null : { ...configured, can };
  const uid = uidOf(world, name);
  const gid = world.people.users.get(userOf(name))?.gid ?? uid;
  return { name, uid, gid, tier, can, constraints, may, approval, spawn, agent };
}

/** Nearest first; none for an agent that has a manifest. */
export function ancestorsOf(children: World["children"], name: string): Lineage[] {
  const found: Lineage[] = [];
  for (let one = children.get(name); one !== undefined; one = children.get(one.parent))
    found.push(one);
  return found;
}

function uidOf(world: World, name: string): number {
  const uid = world.registry[name];
  if (uid === undefined) throw new Error(`agent ${name} has no uid`);
  return uid;
}
