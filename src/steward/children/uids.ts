/**
 * Uids of temporary agents go round: the one that was given last is durable before it is used, so that a uid comes
 * back as late as can be. Never: gives one that is in a record or that a user has.
 */
import { join } from "node:path";
import { childUids } from "../../host/ids.ts";
import { readFile, replaceDurably } from "../../system/durable.ts";
import type { StewardWorld } from "../world.ts";

type UidWorld = Pick<StewardWorld, "disk" | "places" | "children">;

const lastFile = ({ places }: UidWorld): string => join(places.children, "last-uid");

/** Fewer where there are fewer. */
export function takeUids(world: UidWorld, count: number, inUse: ReadonlySet<number>): number[] {
  const { first, last } = childUids;
  const size = last - first + 1;
  const start = lastGiven(world);
  const found: number[] = [];
  for (let step = 1; step <= size && found.length < count; step += 1) {
    const uid = first + ((start - first + step) % size);
    if (!inUse.has(uid) && !world.children.isUidTaken(uid)) found.push(uid);
  }
  const given = found.at(-1);
  if (given !== undefined)
    replaceDurably(world.disk, lastFile(world), Buffer.from(`${given}\n`), 0o600);
  return found;
}

/** A file that is missing or damaged is as good as a new machine: then the first is the next. */
function lastGiven(world: UidWorld): number {
  const bytes = readFile(world.disk, lastFile(world), 64);
  const uid = bytes === null ? Number.NaN : Number(Buffer.from(bytes).toString("utf8"));
  const isOurs = Number.isInteger(uid) && uid >= childUids.first && uid <= childUids.last;
  return isOurs ? uid : childUids.last;
}
