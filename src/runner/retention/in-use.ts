/** What of an agent's old things is still wanted, as its queue is now. Reads only. Asked again before each removal. */

import { pathIn, placeOf } from "../../spool/known.ts";
import type { AgentPaths } from "../../spool/layout.ts";
import { notedIds, readNote } from "../../spool/notes.ts";
import { readQueued } from "../../spool/queued.ts";
import type { Disk } from "../../system/disk.ts";
import { ConError, exit } from "../../system/errors.ts";
import { requestOf } from "../../task/codec.ts";
import type { ParseYaml } from "../../task/front-matter.ts";
import { planFile } from "../../task/plan.ts";
import { markedIds } from "../memory/marks.ts";
import { ownerOf } from "../memory/owner.ts";
import { withFolder } from "./folder.ts";
import type { InUse } from "./kinds.ts";

/** A thread that something was said in. */
export interface ThreadName {
  readonly principal: string;
  readonly thread: string;
}

export interface InUseWorld {
  readonly disk: Disk;
  readonly paths: AgentPaths;
  readonly loadYaml: () => Promise<ParseYaml>;
  /** Threads that went on at or after a moment; null when nobody can say. */
  readonly threadsSince: (moment: number) => readonly ThreadName[] | null;
}

const waitingPlaces = ["active", "deferred", "held"] as const;

/**
 * `plansSince`: a thread that nothing was said in since then is no reason to keep its plan. Null where nobody asks about
 * plans: all are in use.
 */
export async function lookInUse(world: InUseWorld, plansSince: number | null): Promise<InUse> {
  const { disk, paths } = world;
  const working = tasksAtWork(world);
  const awaited = awaitedIds(world);
  const marked = new Set(markedIds(disk, paths));
  const plans = plansSince === null ? null : await plansInUse(world, working, plansSince);
  const readers = [...working.map(({ id }) => id), ...awaited];
  return {
    isAtWork: (id) => waitingPlaces.some((place) => placeOf(disk, paths, id) === place),
    hasFailed: (id) => placeOf(disk, paths, id) === "failed",
    isAwaited: (id) => awaited.has(id),
    isMarked: (id) => marked.has(id),
    isPlanOf: (file) => plans === null || plans.has(file),
    isReadBy: (text) => readers.some((id) => text.startsWith(id)),
  };
}

interface Working {
  readonly id: string;
  readonly place: (typeof waitingPlaces)[number];
}

const tasksAtWork = ({ disk, paths }: InUseWorld): Working[] =>
  waitingPlaces.flatMap((place) => {
    const names = withFolder(disk, paths.base, ["queue", place], (folder) => folder.names());
    if (names === null) throw noFolder(paths.queue[place]);
    return names
      .filter((name) => !name.startsWith(".") && name.endsWith(".task"))
      .map((name) => ({ id: name.slice(0, -".task".length), place }));
  });

/** Without it nobody knows what may not be removed. */
const noFolder = (path: string): ConError =>
  new ConError(exit.unavailable, path, "it is no directory", "run con bootstrap as root");

function awaitedIds({ disk, paths }: InUseWorld): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const id of notedIds(disk, paths)) {
    const note = readNote(disk, paths, id);
    for (const { waitFor } of note?.calls ?? []) for (const one of waitFor) ids.add(one.id);
    for (const { task } of note?.answers ?? []) ids.add(task);
  }
  return ids;
}

/** Null when some task at work, or what was said, cannot be read: then all plans are in use. */
async function plansInUse(
  world: InUseWorld,
  working: readonly Working[],
  since: number,
): Promise<ReadonlySet<string> | null> {
  const { disk, paths, loadYaml, threadsSince } = world;
  const threads = threadsSince(since);
  if (threads === null) return null;
  const files = new Set(
    threads.map(({ principal, thread }) => planFile(asTask(thread), principal)),
  );
  for (const { id, place } of working) {
    const queued = await readQueued(disk, pathIn(paths, place, id), loadYaml);
    if (queued === "damaged") return null;
    // Gone meanwhile: it ended, and its thread went on.
    if (queued === "missing") return null;
    files.add(planFile(queued.task, ownerOf(disk, paths, queued.task)));
  }
  return files;
}

const asTask = (thread: string): Parameters<typeof planFile>[0] => ({
  id: "",
  request: requestOf("", { thread }),
});
