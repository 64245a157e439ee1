/** Ends temporary agents on somebody's word: durable in their records here, done by `reap` afterwards. */
import type { Place } from "../../host/children/types.ts";
import type { StewardWorld } from "../world.ts";
import { descendants } from "./family.ts";
import { recordEnd } from "./recorded.ts";
import { settled } from "./state.ts";
import { listSpawns, writeSpawn } from "./store.ts";

/** All that `parent` made, and so all that those made. Says what it did, or null where there is none. */
export function endChildren(world: StewardWorld, parent: string, why: string): string | null {
  const count = end(world, why, (_, one) => one === parent);
  if (count === 0) return null;
  return count === 1 ? "ended 1 temporary agent of it" : `ended ${count} temporary agents of it`;
}

/** One of them; false where there is none of that name. */
export const endChild = (world: StewardWorld, name: string, why: string): boolean =>
  end(world, why, ({ child }) => child?.name === name) > 0;

function end(
  world: StewardWorld,
  why: string,
  isMeant: (place: Place, parent: string) => boolean,
): number {
  let count = 0;
  for (const spawn of listSpawns(world)) {
    const places = spawn.places.map((place) =>
      isMeant(place, spawn.parent) ? settled(place, "failed", why) : place,
    );
    const ended = places.flatMap((place, index) => (place === spawn.places[index] ? [] : [index]));
    if (ended.length === 0) continue;
    const after = { ...spawn, places };
    for (const index of ended) recordEnd(world, after, index);
    writeSpawn(world, after);
    count += ended.length;
  }
  return count;
}

/** Stops `name` and all temporary agents below it. Needs no disk. */
export function stopFamily(world: StewardWorld, name: string): Promise<void> {
  const family = new Set([name, ...descendants(listSpawns(world), name)]);
  return world.host.stop((one) => family.has(one));
}
