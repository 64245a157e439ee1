/**
 * Makes the children of one record that are missing: all at once, then each gets its task, then they start.
 *
 * Who they will be is durable before anything is made. What cannot be made is settled as failed, and taken away
 * like what has ended. A full disk is no failure of theirs: it is thrown, and tried again.
 */
import { missingAttempt, wantedChild } from "../../host/children/state.ts";
import type { Child, Place, Spawn } from "../../host/children/types.ts";
import { isDiskTrouble } from "../../system/disk.ts";
import { ConError, exit, reasonOf } from "../../system/errors.ts";
import { encodeTask } from "../../task/codec.ts";
import type { StewardWorld } from "../world.ts";
import { childName } from "./name.ts";
import { recordEnd, recordStart } from "./recorded.ts";
import { newChild, settled, withPlace } from "./state.ts";
import { writeSpawn } from "./store.ts";
import { taskFor } from "./task-text.ts";
import { takeUids } from "./uids.ts";

/** `all` are the records that there are, this one among them. */
export async function makeChildren(
  world: StewardWorld,
  all: readonly Spawn[],
  spawn: Spawn,
): Promise<void> {
  const named = assign(world, all, spawn);
  writeSpawn(world, named);
  const unmade = named.places.flatMap(unmadeOf);
  if (unmade.length === 0) return;
  const trouble = await make(world, named, unmade);
  const after = { ...named, places: named.places.map((place) => ended(place, trouble)) };
  after.places.forEach((place, index) => {
    if (place.result !== named.places[index]?.result) recordEnd(world, after, index);
  });
  writeSpawn(world, after);
}

const unmadeOf = (place: Place): { readonly place: Place; readonly child: Child }[] => {
  const child = wantedChild(place);
  return child === null || child.started ? [] : [{ place, child }];
};

function ended(place: Place, trouble: string | null): Place {
  const child = wantedChild(place);
  if (child === null || child.started) return place;
  if (trouble !== null) return settled(place, "failed", trouble);
  return { ...place, child: { ...child, started: true } };
}

/** Names and uids for the places that lack a child. */
function assign(world: StewardWorld, all: readonly Spawn[], spawn: Spawn): Spawn {
  const there = all.flatMap(({ places }) => places.flatMap(({ child }) => child ?? []));
  const missing = spawn.places.flatMap((place, index) => {
    const attempt = missingAttempt(place);
    return attempt === null ? [] : [{ place, index, attempt }];
  });
  if (missing.length === 0) return spawn;
  const taken = namesTaken(world, all);
  const uids = takeUids(world, missing.length, new Set(there.map(({ uid }) => uid)));
  return missing.reduce((now, { place, index, attempt }, at) => {
    const uid = uids[at];
    const isTaken = taken.has(childName(spawn.id, index, attempt));
    if (uid !== undefined && !isTaken)
      return withPlace(now, index, { ...place, child: newChild(spawn, index, attempt, uid) });
    const why = isTaken ? "its name is taken: ask once more" : "no user is free for it: try later";
    const after = withPlace(now, index, settled(place, "failed", why));
    recordEnd(world, after, index);
    return after;
  }, spawn);
}

/** Who asks chooses the id of the request, and may have looked long for one that leads to a name in use. */
export const namesTaken = (
  world: Pick<StewardWorld, "agents">,
  all: readonly Spawn[],
): ReadonlySet<string> =>
  new Set([
    ...world.agents().map(({ name }) => name),
    ...all.flatMap(({ places }) => places.flatMap(({ child }) => child?.name ?? [])),
  ]);

/** Why they cannot be made, or null when all of them run. */
async function make(
  world: StewardWorld,
  spawn: Spawn,
  unmade: readonly { readonly place: Place; readonly child: Child }[],
): Promise<string | null> {
  const names = unmade.map(({ child }) => child.name);
  try {
    const failures = await world.host.spawnChildren(names);
    const failure = failures.find(({ agent }) => agent === null || names.includes(agent));
    if (failure !== undefined) return `it could not be made: ${failure.what}: ${failure.why}`;
    for (const { place, child } of unmade) {
      const nonce = Buffer.from(world.randomBytes(16)).toString("hex");
      const request = taskFor(spawn, place.order, { nonce, now: world.now() });
      world.children.handOver(child, spawn.by, encodeTask(request, { endMarker: true }));
    }
    await world.children.start(names);
  } catch (error) {
    if (isForLater(error)) throw error;
    return `it could not be made: ${reasonOf(error)}`;
  }
  for (const { place, child } of unmade) recordStart(world, spawn, place, child);
  return null;
}

const isForLater = (error: unknown): boolean =>
  isDiskTrouble(error) || (error instanceof ConError && error.code === exit.tryLater);
