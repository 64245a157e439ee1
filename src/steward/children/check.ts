/**
 * Whether a request for temporary agents may be carried out, all of it, before anything is made. Reads records
 * and what root compiled; changes nothing.
 *
 * Numbers are counted over the records, and requests come one after the other, so two cannot overshoot.
 */
import {
  type ChildOrder,
  maxAlive,
  maxDepth,
  maxFindings,
  type Spawn,
} from "../../host/children/types.ts";
import { holdsNow } from "../hold.ts";
import { maxTextBytes } from "../places.ts";
import type { SpawnRequest } from "../types.ts";
import type { StewardWorld } from "../world.ts";
import { aliveBelow, aliveInAll, lineOf } from "./family.ts";

/** All reasons against it, in words; empty when it may be. `parent` asks. */
export function objections(
  world: StewardWorld,
  spawns: readonly Spawn[],
  parent: string,
  request: SpawnRequest,
): string[] {
  const { children } = request;
  const lacks = world.children.lacks(parent, children);
  return [
    ...timeTrouble(world, request),
    ...taskTrouble(world, parent, request),
    ...familyTrouble(world, spawns, parent, children.length),
    ...children.flatMap((order, at) =>
      [...orderTrouble(world, parent, order), ...(lacks[at] ?? [])].map(
        (why) => `child ${at + 1}: ${why}`,
      ),
    ),
    ...shareTrouble(world, parent, children),
  ];
}

/** What they spend counts for that task, and they end with it. */
const taskTrouble = (world: StewardWorld, parent: string, { task }: SpawnRequest): string[] =>
  world.spending.hasTask(parent, task) ? [] : [`${parent} has no task ${task} at work`];

const maxDayMs = 24 * 3_600_000;

/** A little more than a day, because the asker's clock ran before ours. */
function timeTrouble({ now }: StewardWorld, { deadline }: SpawnRequest): string[] {
  const left = Date.parse(deadline) - now();
  if (left > 0 && left <= maxDayMs + 60_000) return [];
  if (left <= 0) return [`its deadline ${deadline} is over: allow more time`];
  return [`its deadline ${deadline} is no time within a day: at most 24h`];
}

function familyTrouble(
  world: StewardWorld,
  spawns: readonly Spawn[],
  parent: string,
  count: number,
): string[] {
  const line = lineOf(spawns, parent);
  const held = line.find((name) => holdsNow(world).agents.get(name)?.kind === "quarantined");
  if (held !== undefined) return [`${held} is quarantined`];
  const own = line.flatMap((name, at) => ancestorTrouble(world, spawns, name, at + 1, count));
  const all = aliveInAll(spawns);
  return [
    ...(line.length > maxDepth ? [`more than ${maxDepth} generations: do it yourself`] : []),
    ...own,
    ...(all + count > maxAlive ? [`${all} temporary agents live, of ${maxAlive} at most`] : []),
  ];
}

/** `distance` is 1 for the asker itself. */
function ancestorTrouble(
  world: StewardWorld,
  spawns: readonly Spawn[],
  name: string,
  distance: number,
  count: number,
): string[] {
  const right = world.runtime(name)?.spawn ?? null;
  if (right === null) return [`${name} may spawn nobody any more`];
  const living = aliveBelow(spawns, name);
  return [
    ...(distance > right.depth
      ? [`${name} may have ${right.depth} generations below it: do it yourself`]
      : []),
    ...(living + count > right.live
      ? [`${living} temporary agents of ${name} live, of ${right.live} at most`]
      : []),
  ];
}

function orderTrouble(world: StewardWorld, parent: string, order: ChildOrder): string[] {
  const roles = world.runtime(parent)?.spawn?.roles ?? [];
  const { role, goal, findings } = order;
  if (!roles.includes(role))
    return [`role ${role} is none of yours: ${roles.join(", ") || "there is none"}`];
  const size = findings === null ? 0 : Buffer.byteLength(findings);
  return [
    ...(goal.trim() === "" ? ["its goal is blank"] : []),
    ...(Buffer.byteLength(goal) > maxTextBytes
      ? [`its goal is longer than ${maxTextBytes} bytes: put it into a file that it may read`]
      : []),
    ...(findings !== null && findings.trim() === "" ? ["its prior findings are blank"] : []),
    ...(size > maxFindings
      ? [`its prior findings have ${size} bytes, of ${maxFindings} at most: shorten them`]
      : []),
  ];
}

/** What is given away in all, against what the asker may use itself. */
function shareTrouble(
  world: StewardWorld,
  parent: string,
  orders: readonly ChildOrder[],
): string[] {
  const runtime = world.runtime(parent);
  const sums = new Map<string, number>();
  for (const { share } of orders)
    for (const [tool, amount] of Object.entries(share))
      sums.set(tool, (sums.get(tool) ?? 0) + amount);
  return [...sums].flatMap(([tool, sum]) => {
    if (!(runtime?.can.tools.includes(tool) ?? false)) return [`share ${tool}: you have it not`];
    const { uses = null, perMinute = null } = runtime?.constraints?.tools[tool] ?? {};
    const most = Math.min(uses ?? Infinity, perMinute ?? Infinity);
    return sum > most ? [`share ${tool}: ${sum} calls are more than your own ${most}`] : [];
  });
}
