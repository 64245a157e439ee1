/**
 * Brings every record of temporary agents as far as it goes now: makes what is missing, takes up what has
 * ended, takes away what has to go, and answers what is complete.
 *
 * The record is the state: what shall be is durable in it first, then the machine follows, then the record says
 * that it did. A steward that is killed anywhere does the same step again, and every step may be done again:
 * names, task ids and the id of the answer follow from the request. Never: makes two children for one place, gives one two
 * tasks, or answers before nothing of them is left. What cannot be taken away is tried again, at once and then whenever
 * the sweep says so: people who want something of the steward do not wait for it.
 */
import { join } from "node:path";
import type { Holds } from "../../config/holds.ts";
import { leavingChild, missingAttempt, wantedChild } from "../../host/children/state.ts";
import type { Child, Place, Spawn } from "../../host/children/types.ts";
import { errnoOf, listed } from "../../system/disk.ts";
import { reasonOf } from "../../system/errors.ts";
import { holdsNow } from "../hold.ts";
import type { Agent, GoneChild, StewardWorld } from "../world.ts";
import { recordOf } from "./family.ts";
import { finish } from "./finish.ts";
import { makeChildren } from "./make.ts";
import { recordEnd } from "./recorded.ts";
import { isComplete, judge, type Look } from "./state.ts";
import { listSpawns, writeSpawn } from "./store.ts";

/** `later`: something of it has to be tried again soon. */
export type Reaped = "finished" | "later";

/** `stuck`: something cannot be taken away now. */
type Step = "finished" | "stuck" | "moved";

/** Each round makes, ends or takes away something; more mean that something goes in circles. */
const maxRounds = 50;

export async function reap(world: StewardWorld): Promise<Reaped> {
  try {
    takeMarks(world);
    let before: Step = "moved";
    for (let round = 0; round < maxRounds; round += 1) {
      const now = await step(world);
      if (now === "finished" || (now === "stuck" && before === "stuck")) return "finished";
      before = now;
    }
    world.log.error("temporary agents come and go without end", {});
  } catch (error) {
    // Whatever it is: requests must not wait for it.
    world.log.error("temporary agents wait until they can be looked at", { why: reasonOf(error) });
  }
  return "later";
}

/** Removed before anything is looked at: a child that ends meanwhile leaves its mark once more. */
function takeMarks(world: StewardWorld): void {
  const { ended } = world.places;
  for (const name of listed(world.disk, ended)) {
    try {
      world.disk.unlink(join(ended, name));
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  }
}

async function step(world: StewardWorld): Promise<Step> {
  // Parents before their children: what ends them ends those too.
  const spawns = listSpawns(world).sort((a, b) => a.depth - b.depth);
  if (spawns.length === 0) return "finished";
  if (await judgeAll(world, spawns)) return "moved";
  const removed = await removeLeaving(world, spawns);
  if (removed === "moved") return removed;
  if (await makeAll(world, spawns)) return "moved";
  const complete = spawns.filter(isComplete);
  for (const spawn of complete) finish(world, spawn);
  return complete.length > 0 ? "moved" : removed;
}

/** True when something is different; it is durable then. `spawns` is brought up to date. */
async function judgeAll(world: StewardWorld, spawns: Spawn[]): Promise<boolean> {
  let moved = false;
  const agents = world.agents();
  const holds = holdsNow(world);
  const look = lookWith(world, agents, await world.children.running());
  spawns.forEach((spawn, at) => {
    const gone = whyGone({ agents, holds, spawns, hasTask: world.spending.hasTask }, spawn);
    const seen = { now: world.now(), gone, look };
    const places = spawn.places.map((place) => judge(spawn, place, seen));
    if (places.every((place, index) => place === spawn.places[index])) return;
    const after = { ...spawn, places };
    places.forEach((place, index) => {
      if (place !== spawn.places[index]) recordEnd(world, after, index);
    });
    writeSpawn(world, after);
    spawns[at] = after;
    moved = true;
  });
  return moved;
}

/**
 * Who has answered says a last word to the audit trail before its runner ends; then its mark comes. Who is no agent any
 * more, because its role or its parent's right to make it was taken away, was closed and works no more.
 */
function lookWith(
  world: StewardWorld,
  agents: readonly Agent[],
  running: ReadonlySet<string>,
): (child: Child) => Look {
  const there = new Set(agents.map(({ name }) => name));
  return (child) => {
    if (running.has(child.name)) return { kind: "working" };
    const look = world.children.look(child);
    return look.kind === "working" && !there.has(child.name) ? { kind: "lost" } : look;
  };
}

interface Now {
  readonly agents: readonly Agent[];
  readonly holds: Holds;
  readonly spawns: readonly Spawn[];
  readonly hasTask: StewardWorld["spending"]["hasTask"];
}

/** Null while the agent that asked is there with the task that waits, and nobody cut it off. */
function whyGone(
  { agents, holds, spawns, hasTask }: Now,
  { parent, by, task }: Spawn,
): string | null {
  if (holds.agents.get(parent)?.kind === "quarantined") return `${parent} is quarantined`;
  const isThere = agents.some(({ name, uid }) => name === parent && uid === by);
  const own = spawns.some(({ places }) => places.some(({ child }) => child?.name === parent));
  const isWanted = !own || recordOf(spawns, parent) !== null;
  if (!isThere || !isWanted) return `${parent} has ended`;
  // Cancelled, failed, or brought to its end without them: nobody waits for what they say.
  return hasTask(parent, task) ? null : `task ${task} of ${parent} has ended`;
}

/** Children of children first: what they leave behind goes to their parent, which goes then. */
async function removeLeaving(world: StewardWorld, spawns: readonly Spawn[]): Promise<Step> {
  const leaving = [...spawns].reverse().flatMap(goneOf);
  if (leaving.length === 0) return "finished";
  const failures = await world.host.removeChildren(leaving);
  for (const { what, why, agent } of failures)
    world.log.error("something of a temporary agent stayed", { agent, what, why });
  const stay = new Set(failures.map(({ agent }) => agent));
  const isGone = (child: Child | null): boolean => child !== null && !stay.has(child.name);
  let moved = false;
  for (const spawn of spawns) {
    if (!spawn.places.some((place) => isGone(leavingChild(place)))) continue;
    writeSpawn(world, {
      ...spawn,
      places: spawn.places.map((place) =>
        isGone(leavingChild(place)) ? { ...place, child: null } : place,
      ),
    });
    moved = true;
  }
  return moved ? "moved" : "stuck";
}

const goneOf = ({ parent, places }: Spawn): GoneChild[] =>
  places.flatMap((place) => {
    const child = leavingChild(place);
    return child === null ? [] : [{ name: child.name, uid: child.uid, parent }];
  });

async function makeAll(world: StewardWorld, spawns: readonly Spawn[]): Promise<boolean> {
  const unmade = spawns.filter(({ places }) => places.some(isUnmade));
  for (const spawn of unmade) await makeChildren(world, spawns, spawn);
  return unmade.length > 0;
}

const isUnmade = (place: Place): boolean =>
  missingAttempt(place) !== null || wantedChild(place)?.started === false;
