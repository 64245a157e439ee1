/**
 * The nightly work on a memory file, in small transactions, as much as its bounds allow; the next call goes on.
 *
 * Expired and faded memories are forgotten softly, exact duplicates become one, what was forgotten long ago is
 * removed for good, missing vectors and those of another model are made, and SQLite is let tidy up. Never:
 * touches what is verified, except that two equal ones become one. After a crash: done so far is done.
 */
import type Database from "better-sqlite3";
import type { Bounding } from "./bounds.ts";
import { fadedBefore } from "./decay.ts";
import type { Index } from "./indexing.ts";
import { embedding } from "./reembed.ts";
import { standing } from "./rules.ts";
import { turnEnding } from "./turn-ending.ts";
import { type Embedder, kinds, type Provenance, type SourceTrust } from "./types.ts";

export interface UpkeepBounds {
  /** No new batch begins after this time. */
  readonly ms?: number;
  /** Forgotten memories are kept this long. */
  readonly keepDeletedDays?: number;
  /** What something else took the place of is kept this long. */
  readonly keepReplacedDays?: number;
  /** Turns that a summary stands for are kept this long; null: for ever. */
  readonly keepTurnDays?: number | null;
  readonly signal?: AbortSignal;
}

export interface UpkeepReport {
  readonly expired: number;
  readonly faded: number;
  readonly merged: number;
  readonly purged: number;
  /** Told by strangers beyond their bounds, and forgotten. */
  readonly bounded: number;
  /** Turns that went; their summaries stay. */
  readonly turns: number;
  readonly embedded: number;
  /** Why no more vectors were made; null where none is missing, or time was over. */
  readonly withoutVectors: string | null;
  /** False: time was over, call again. */
  readonly complete: boolean;
}

export type Upkeep = (bounds?: UpkeepBounds) => Promise<UpkeepReport>;

export interface UpkeepParts {
  readonly database: Database.Database;
  readonly index: Index;
  readonly embedder: Embedder;
  readonly bounding: Bounding;
  readonly now: () => number;
}

const day = 86_400_000;
const batch = 200;
const usualMs = 20_000;
/** Pages given back to the file system in one call: at most 8 MiB. */
const freedPages = 2000;
/** Pages of the word index merged in one call. */
const mergedPages = 500;

/** One batch of a step: how many memories it changed; fewer than `batch` means that nothing is left. */
type Step = (at: number) => number;

export function upkeeping(parts: UpkeepParts): Upkeep {
  const ending = endings(parts);
  const merge = merging(parts);
  const embed = embedding(parts);
  const endTurns = turnEnding(parts.database);
  return async (given = {}) => {
    const { ms = usualMs, keepDeletedDays = 30, keepReplacedDays = 365, signal } = given;
    const { keepTurnDays = null } = given;
    const end = parts.now() + ms;
    const { bounding } = parts;
    const inTime = () => parts.now() < end && signal?.aborted !== true;
    const purge = purging(parts.database, keepDeletedDays * day, keepReplacedDays * day);
    let complete = true;
    const repeat = (step: Step, least = batch): number => {
      let sum = 0;
      for (;;) {
        if (!inTime()) {
          complete = false;
          return sum;
        }
        const count = step(Math.round(parts.now()));
        sum += count;
        if (count < least) return sum;
      }
    };
    const expired = repeat(ending.expired);
    const faded = repeat(ending.faded);
    const merged = repeat(merge);
    const bounded = repeat(bounding.all, 1);
    const purged = repeat(purge) + repeat(() => bounding.purge(), 1);
    const turns =
      keepTurnDays === null ? 0 : repeat((at) => endTurns(at - keepTurnDays * day, batch));
    const made = await embed(inTime, signal);
    tidy(parts.database);
    const { embedded, why: withoutVectors } = made;
    complete = complete && made.complete;
    const done = { expired, faded, merged, purged, bounded, turns, embedded };
    return { ...done, withoutVectors, complete };
  };
}

function endings({ database, index }: UpkeepParts): Record<"expired" | "faded", Step> {
  const expired = database
    .prepare<[number], number>(`SELECT id FROM memories WHERE state = 'live'
      AND expires IS NOT NULL AND expires <= ? AND provenance <> 'verified' LIMIT ${batch}`)
    .pluck();
  const faded = database
    .prepare<[string, number], number>(`SELECT id FROM memories WHERE state = 'live'
      AND provenance <> 'verified' AND kind = ? AND touched < ? LIMIT ${batch}`)
    .pluck();
  const end = database.prepare(
    "UPDATE memories SET state = 'deleted', ended = @at WHERE id = @id AND state = 'live'",
  );
  const forget = (ids: readonly number[], at: number): number => {
    for (const id of ids) {
      end.run({ at, id });
      index.remove(id);
    }
    return ids.length;
  };
  const expire = database.transaction((at: number) => forget(expired.all(at), at));
  const fade = database.transaction((at: number) =>
    forget(kinds.flatMap((kind) => faded.all(kind, fadedBefore(kind, at))).slice(0, batch), at),
  );
  return { expired: (at) => expire.immediate(at), faded: (at) => fade.immediate(at) };
}

interface Twin {
  readonly id: number;
  readonly provenance: Provenance;
  readonly trust: SourceTrust;
  readonly uses: number;
}

/** The one that stands highest stays, the oldest among equals. */
function merging({ database, index }: UpkeepParts): Step {
  const digests = database
    .prepare<[], Buffer>(`SELECT digest FROM memories WHERE state = 'live'
      GROUP BY digest HAVING count(*) > 1 LIMIT ${batch}`)
    .pluck();
  const twins = database.prepare<[Buffer], Twin>(
    "SELECT id, provenance, trust, uses FROM memories WHERE digest = ? AND state = 'live' ORDER BY id",
  );
  const replace = database.prepare(
    "UPDATE memories SET state = 'replaced', ended = @at, replaced_by = @by WHERE id = @id",
  );
  const count = database.prepare("UPDATE memories SET uses = uses + @more WHERE id = @id");
  const height = ({ provenance, trust }: Twin) => standing({ provenance, source: { trust } });
  const act = database.transaction((at: number): number => {
    const found = digests.all();
    for (const digest of found) {
      const [best, ...others] = twins
        .all(digest)
        .sort((one, other) => height(other) - height(one) || one.id - other.id);
      for (const { id } of others) {
        replace.run({ at, by: best?.id, id });
        index.remove(id);
      }
      count.run({ id: best?.id, more: others.reduce((sum, { uses }) => sum + uses, 0) });
    }
    return found.length;
  });
  return (at) => act.immediate(at);
}

function purging(database: Database.Database, deletedMs: number, replacedMs: number): Step {
  const remove = database.prepare<[string, number]>(`DELETE FROM memories WHERE id IN
    (SELECT id FROM memories WHERE state = ? AND state <> 'live' AND ended < ? LIMIT ${batch / 2})`);
  const act = database.transaction(
    (at: number) =>
      remove.run("deleted", at - deletedMs).changes +
      remove.run("replaced", at - replacedMs).changes,
  );
  return (at) => {
    const count = act.immediate(at);
    return count >= batch / 2 ? batch : count;
  };
}

function tidy(database: Database.Database): void {
  database.prepare("INSERT INTO words (words, rank) VALUES ('merge', ?)").run(mergedPages);
  database.pragma(`incremental_vacuum(${freedPages})`);
  database.pragma("analysis_limit = 400");
  database.pragma("optimize");
  database.pragma("wal_checkpoint(PASSIVE)");
}
