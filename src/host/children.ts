/**
 * Temporary agents as the plan sees them: what /var/lib/con/children says, laid over a configuration generation by
 * generation, so that what a parent loses is lost below it too.
 *
 * Never: lays a child of a parent that is gone, is left out, has another uid than the one that asked, or may
 * not make such agents any more; guesses at a damaged record, which is reported and counts for nothing.
 */
import { childAgent } from "../config/child.ts";
import type { Agent, Config } from "../config/types.ts";
import { leavingChild, wantedChild } from "./children/state.ts";
import type { Child, ChildOrder, Spawn } from "./children/types.ts";
import type { Finding, Lineage } from "./world.ts";

export interface Laid {
  readonly config: Config;
  /** Those in `config`. */
  readonly children: ReadonlyMap<string, Lineage>;
  readonly uids: Readonly<Record<string, number>>;
  /** Recorded and not in `config`: units, files and access of theirs have to go. */
  readonly orphans: ReadonlySet<string>;
  readonly findings: readonly Finding[];
}

export interface Family {
  readonly spawns: readonly Spawn[];
  /** Of agents that have a manifest. */
  readonly registry: Readonly<Record<string, number>>;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Names that are on their way out, whatever their record says. */
  readonly without?: ReadonlySet<string>;
}

interface Wanted {
  readonly spawn: Spawn;
  readonly order: ChildOrder;
  readonly child: Child;
}

export function layChildren(config: Config, family: Family): Laid {
  const { spawns, registry, now, without = new Set() } = family;
  const double = doubles(spawns);
  const agents = new Map(config.agents.map((agent) => [agent.name, agent]));
  const uids: Record<string, number> = {};
  const children = new Map<string, Lineage>();
  const depths = new Map<string, number>();
  for (const { spawn, order, child } of wantedOf(spawns)) {
    const parent = agents.get(spawn.parent);
    const role = Object.hasOwn(config.roles, order.role) ? config.roles[order.role] : undefined;
    const isParent = (uids[spawn.parent] ?? registry[spawn.parent]) === spawn.by;
    const isOut = without.has(child.name) || agents.has(child.name) || double(child);
    const isDeep = spawn.depth === (depths.get(spawn.parent) ?? 0) + 1;
    if (parent === undefined || role === undefined || !isParent || isOut || !isDeep) continue;
    if (!mayMake(parent, order.role)) continue;
    agents.set(child.name, childAgent({ name: child.name, parent, role, order, now }).agent);
    uids[child.name] = child.uid;
    depths.set(child.name, spawn.depth);
    children.set(child.name, { parent: spawn.parent, task: spawn.task });
  }
  const all = spawns.flatMap(({ places }) => places.flatMap(({ child }) => child?.name ?? []));
  return {
    config: { ...config, agents: [...agents.values()] },
    children,
    uids,
    orphans: new Set(all.filter((name) => !children.has(name))),
    findings: spawns.flatMap(({ places }) =>
      places.flatMap(({ child }) => (child !== null && double(child) ? [twice(child)] : [])),
    ),
  };
}

/** Parents before their children, and always in the same order. */
const wantedOf = (spawns: readonly Spawn[]): Wanted[] =>
  [...spawns]
    .sort((a, b) => a.depth - b.depth || (a.id < b.id ? -1 : 1))
    .flatMap((spawn) =>
      spawn.places.flatMap((place) => {
        const child = wantedChild(place);
        return child === null ? [] : [{ spawn, order: place.order, child }];
      }),
    );

const mayMake = ({ spawn }: Agent, role: string): boolean => spawn?.roles.includes(role) ?? false;

/** One name or uid in two records: nobody can tell whose it is, so it is nobody's. */
function doubles(spawns: readonly Spawn[]): (child: Child) => boolean {
  const seen = new Map<string | number, number>();
  const all = spawns.flatMap(({ places }) =>
    places.flatMap((place) => wantedChild(place) ?? leavingChild(place) ?? []),
  );
  for (const { name, uid } of all)
    for (const key of [name, uid]) seen.set(key, (seen.get(key) ?? 0) + 1);
  return ({ name, uid }) => (seen.get(name) ?? 0) > 1 || (seen.get(uid) ?? 0) > 1;
}

const twice = ({ name, uid }: Child): Finding => ({
  what: `temporary agent ${name}`,
  why: `its name, or uid ${uid}, is recorded twice`,
  remedy: "see /var/lib/con/children, and remove one of the records as root",
});
