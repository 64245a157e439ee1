/**
 * Records of temporary agents on disk: one file for each request, replaced whole, durable when a function
 * here returns. Only the steward writes them; bootstrap reads them too (host/children).
 */
import { join } from "node:path";
import { readSpawns } from "../../host/children/read.ts";
import type { Spawn } from "../../host/children/types.ts";
import { removeDurably, replaceDurably } from "../../system/durable.ts";
import { fileOf } from "../places.ts";
import type { StewardWorld } from "../world.ts";

const mode = 0o600;

type Store = Pick<StewardWorld, "disk" | "places" | "log">;

const pathOf = ({ places }: Store, id: string): string => join(places.children, fileOf(id));

export function writeSpawn(world: Store, spawn: Spawn): void {
  const bytes = Buffer.from(`${JSON.stringify(spawn)}\n`);
  replaceDurably(world.disk, pathOf(world, spawn.id), bytes, mode);
}

export const removeSpawn = (world: Store, id: string): void =>
  removeDurably(world.disk, pathOf(world, id));

/** All that can be read, in the order of their ids, which begin with a time. */
export function listSpawns({ places, log }: Store): Spawn[] {
  const { spawns, findings } = readSpawns(places.children);
  for (const { what, why, remedy } of findings) log.error(what, { why, remedy });
  return [...spawns];
}
