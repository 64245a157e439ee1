/**
 * Temporary agents for one call of the asker's task. All are checked before anything is made, and one that may not
 * be refuses all.
 *
 * What is accepted is a durable record; children/reap.ts makes them from it, takes up how they end, and answers
 * when the last of them is gone. So the request itself is done when the record is there.
 */
import type { Spawn } from "../../host/children/types.ts";
import { readAnswer } from "../ask.ts";
import { askerOf } from "../authority.ts";
import { objections } from "../children/check.ts";
import { recordOf } from "../children/family.ts";
import { namesTaken } from "../children/make.ts";
import { childName } from "../children/name.ts";
import { listSpawns, writeSpawn } from "../children/store.ts";
import { type Deed, type RequestOf, refused, type Verb } from "../verb.ts";
import type { StewardWorld } from "../world.ts";

type Request = RequestOf<"spawn">;

export const spawn: Verb<"spawn"> = {
  async act(world, request, by, { id }) {
    const all = listSpawns(world);
    const before = all.find((one) => one.id === id);
    if (before !== undefined)
      return before.by === by.uid ? atWork(before) : refused("its id is somebody else's");
    // Done and answered already, and cut off where people had approved it.
    const answered = readAnswer(id, world.places, world.disk);
    if (answered?.by.uid === by.uid) return { ...held, changes: [] };
    const parent = askerOf(world, by);
    if (parent === null) return refused(`${by.name} is no agent of this system any more`);
    const why = [...objections(world, all, parent, request), ...badNames(world, all, id, request)];
    if (why.length > 0) return refused(why.join("; "));
    const depth = (recordOf(all, parent)?.spawn.depth ?? 0) + 1;
    const record = recordFor(request, {
      ...{ id, by: by.uid, parent, depth },
      at: new Date(world.now()).toISOString(),
    });
    writeSpawn(world, record);
    return atWork(record);
  },
};

const held = { status: "held", error: null, undo: null } as const;

const atWork = ({ places }: Spawn): Deed => {
  const roles = places.map(({ order }) => order.role).join(", ");
  return { ...held, changes: [`temporary agents are at work: ${roles}`] };
};

/** Of both attempts, which nobody else must have by then. */
function badNames(
  world: StewardWorld,
  all: readonly Spawn[],
  id: string,
  { children }: Request,
): string[] {
  const names = children.flatMap((_, index) => [1, 2].map((one) => childName(id, index, one)));
  const taken = namesTaken(world, all);
  const isBad = new Set(names).size < names.length || names.some((name) => taken.has(name));
  return isBad ? ["a name that follows from its id is taken: ask once more"] : [];
}

function recordFor(
  { task, thread, hops, via, on_behalf_of: behalf, deadline, children }: Request,
  who: Pick<Spawn, "id" | "by" | "parent" | "depth" | "at">,
): Spawn {
  return {
    ...{ version: 1, task, thread, hops, via, deadline },
    ...(behalf === undefined ? {} : { behalf }),
    ...who,
    places: children.map((order) => ({ order, child: null, firstError: null, result: null })),
  };
}
