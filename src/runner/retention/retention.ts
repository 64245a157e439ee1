/**
 * Removes what an agent has kept for as long as its configuration says. Run once a day as the agent's own user, beside
 * its runner, bounded in time and number; the next day goes on.
 *
 * Order: first it is written down, durably, up to when tasks may be forgotten (spool/forgotten.ts); then names go, the
 * oldest first. So after a crash anywhere some names are gone, and the next run removes the others. Never: follows a
 * link, removes a directory or a name that is not ours, or anything of a task that is active, deferred or held.
 */
import type { Retention } from "../../config/types.ts";
import { forgetBefore } from "../../spool/forgotten.ts";
import { type InUseWorld, lookInUse } from "./in-use.ts";
import { type Kind, kinds, mayRemove, oldBefore } from "./kinds.ts";
import { lastRun, noteRun } from "./last-run.ts";
import { findOld, type Left, type Old, removeAll } from "./sweep.ts";

export interface RetentionWorld extends InUseWorld {
  readonly now: () => number;
  readonly retention: Retention;
}

export interface RetentionBounds {
  /** Nothing new is begun after so long. */
  readonly ms: number;
  /** Names that are removed at most. */
  readonly most?: number;
  /** Looks only. */
  readonly dryRun?: boolean;
}

/** One kind of things in one directory. */
export interface Swept {
  readonly what: string;
  /** Below the agent's directory. */
  readonly folder: string;
  /** Old enough before this moment, epoch milliseconds; null: kept for ever. */
  readonly before: number | null;
  /** Removed, or in a dry run to be removed. */
  readonly entries: number;
  readonly bytes: number;
  /** Some of their names. */
  readonly names: readonly string[];
  /** Old enough, and still in use. */
  readonly inUse: number;
  /** Could not be removed, and why the first of them. */
  readonly refused: number;
  readonly why: string | null;
}

export interface RetentionReport {
  readonly swept: readonly Swept[];
  /** The first run, or one after a long rest: nothing was removed, the next one does. */
  readonly notedOnly: boolean;
  /** False: time or number was over, the next run goes on. */
  readonly complete: boolean;
}

const mostUsually = 50_000;
const namesShown = 20;

export async function removeOld(
  world: RetentionWorld,
  { ms, most = mostUsually, dryRun = false }: RetentionBounds,
): Promise<RetentionReport> {
  const { disk, paths } = world;
  const now = world.now();
  const isFree = mayRemove(lastRun(disk, paths), now);
  const left: Left = { count: most, complete: true, isOver: () => world.now() >= now + ms };
  const swept: Swept[] = [];
  for (const kind of kinds)
    swept.push(await sweep(world, kind, { now, left, looksOnly: dryRun || !isFree }));
  if (!dryRun) noteRun(disk, paths, now);
  return { swept, notedOnly: !isFree, complete: left.complete };
}

interface Run {
  readonly now: number;
  readonly left: Left;
  readonly looksOnly: boolean;
}

async function sweep(
  world: RetentionWorld,
  kind: Kind,
  { now, left, looksOnly }: Run,
): Promise<Swept> {
  const { disk, paths, retention } = world;
  const before = oldBefore(kind, retention, now);
  const place = { disk, base: paths.base, kind, left };
  const old = before === null ? [] : findOld(place, before);
  if (before === null || old.length === 0) return sums(kind, { before, gone: [], inUse: 0 });
  // After the look at what is there, so that a task that begins meanwhile is among those at work.
  const use = await lookInUse(world, kind.what === "plans" ? before : null);
  const wanted = old.filter(({ key }) => !kind.inUse(use, key));
  const found = { before, inUse: old.length - wanted.length };
  if (looksOnly) return sums(kind, { ...found, gone: wanted });
  if (kind.forgets && wanted.length > 0) forgetBefore(disk, paths, before);
  const { gone, refused, why } = removeAll(place, wanted, use);
  return { ...sums(kind, { ...found, gone }), refused, why };
}

const sums = (
  { what, folder }: Kind,
  of: { readonly before: number | null; readonly gone: readonly Old[]; readonly inUse: number },
): Swept => ({
  ...{ what, folder: folder.join("/"), before: of.before, inUse: of.inUse },
  entries: of.gone.length,
  bytes: of.gone.reduce((sum, { bytes }) => sum + bytes, 0),
  names: of.gone.slice(0, namesShown).map(({ name }) => name),
  ...{ refused: 0, why: null },
});
