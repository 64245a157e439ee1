/**
 * Agents as every part of the plan sees them: those of the configuration, and excluded ones as they
 * were deployed last. Pure.
 */
import type { Agent, Tier } from "../../config/types.ts";
import { userOf } from "../ids.ts";
import type { World } from "../world.ts";

export interface View {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly tier: Tier;
  readonly can: Agent["can"];
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
    ...world.config.agents.map((agent) => view(world, agent.name, agent.tier, agent.can, agent)),
    ...world.deployed.map(({ entry, runtime }) =>
      view(world, entry.name, entry.tier, runtime.can, null),
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
      (byName.get(name)?.can.task ?? []).flatMap((target) => byName.get(target)?.uid ?? []),
  };
}

function view(
  world: World,
  name: string,
  tier: Tier,
  can: Agent["can"],
  agent: Agent | null,
): View {
  const uid = uidOf(world, name);
  const gid = world.people.users.get(userOf(name))?.gid ?? uid;
  return { name, uid, gid, tier, can, agent };
}

function uidOf(world: World, name: string): number {
  const uid = world.registry[name];
  if (uid === undefined) throw new Error(`agent ${name} has no uid`);
  return uid;
}
