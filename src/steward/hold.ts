/**
 * Writes and removes holds (host/holds.ts). Durable when a function here returns; after a crash inside
 * one the hold is there or it is not.
 */
import { join } from "node:path";
import { type Hold, type Holds, holdFile, holdFiles, readHolds } from "../config/holds.ts";
import { removeDurably, replaceDurably } from "../system/durable.ts";
import type { Requester } from "./policy.ts";
import type { HaltScope, StewardRequest } from "./types.ts";
import type { StewardWorld } from "./world.ts";

export const holdsNow = (world: StewardWorld): Holds => readHolds(world.places.holds);

/** PID 1 tests that it is there; `con status` reads it for everybody. */
const mode = 0o644;

interface Reason {
  readonly request: StewardRequest;
  readonly by: Requester;
}

const weight = { paused: 0, halted: 0, quarantined: 1 } as const;

/**
 * Holds one agent. A hold of the same weight or more stays: who held it first, and why, is evidence. A weightier one
 * says whose it took the place of, which ends with it.
 */
export function holdAgent(
  world: StewardWorld,
  agent: string,
  kind: "paused" | "quarantined",
  reason: Reason,
): string {
  const now = holdsNow(world).agents.get(agent);
  if (now !== undefined && weight[now.kind] >= weight[kind])
    return `${agent} is ${now.kind} already, by ${now.by.name}`;
  write(world, holdFile(agent), kind, { ...reason, over: now?.by });
  return `${agent} is ${kind}`;
}

export function holdAll(world: StewardWorld, scope: HaltScope, reason: Reason): string {
  const { allAgents, allWorkers } = holdsNow(world);
  const now = scope === "agents" ? allAgents : allWorkers;
  if (now !== null) return `all ${scope} are halted already, by ${now.by.name}`;
  write(world, holdFiles[scope], "halted", reason);
  return `all ${scope} are halted`;
}

function write(
  world: StewardWorld,
  file: string,
  kind: Hold["kind"],
  { request, by, over }: Reason & { readonly over?: Hold["by"] | undefined },
): void {
  const hold: Hold = {
    version: 1,
    kind,
    at: new Date(world.now()).toISOString(),
    by: { uid: by.uid, name: by.name },
    why: request.why,
    incident: request.incident,
    ...(over === undefined ? {} : { over }),
  };
  const bytes = Buffer.from(`${JSON.stringify(hold)}\n`);
  replaceDurably(world.disk, join(world.places.holds, file), bytes, mode);
}

/** What held the agent itself, now removed; null when nothing did. */
export function releaseAgent(world: StewardWorld, agent: string): Hold | null {
  const hold = holdsNow(world).agents.get(agent) ?? null;
  removeDurably(world.disk, join(world.places.holds, holdFile(agent)));
  return hold;
}

/** The halts that there were, now removed. */
export function releaseAll(world: StewardWorld): HaltScope[] {
  const { allAgents, allWorkers } = holdsNow(world);
  for (const file of Object.values(holdFiles))
    removeDurably(world.disk, join(world.places.holds, file));
  return [
    ...(allAgents === null ? [] : ["agents" as const]),
    ...(allWorkers === null ? [] : ["workers" as const]),
  ];
}

/** For people: what still holds an agent, and the command that ends it. */
export function inWords(agent: string, hold: Hold): string {
  const remedy = hold.kind === "halted" ? "con resume" : `con agent resume ${agent}`;
  const why = hold.why === "" ? "" : ` (${hold.why})`;
  return `${agent} is still ${hold.kind} by ${hold.by.name}${why}: ${remedy}`;
}
