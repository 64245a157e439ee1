/**
 * How much strangers may have remembered: so many memories of one sender, and so many of all of them in one file.
 * Beyond that the least used and oldest of that very sender are forgotten, softly.
 *
 * A sender is whoever told it, for one principal. Where all together are too many, those go who have the most: whoever
 * floods loses its own. There, principals of one uid count together, however many senders that uid says it asks for,
 * and so do all files that were moved. Never: takes what is verified or comes from a trusted source, or removes
 * anything for good. Part of the transaction that stores, and of upkeep, which goes on with what is too much at once.
 */
import type Database from "better-sqlite3";
import type { Index } from "./indexing.ts";

export interface MemoryBounds {
  /** Of one sender. */
  readonly perSender: number;
  /** Of all of them. */
  readonly all: number;
}

export const memoryBounds: MemoryBounds = { perSender: 2000, all: 20_000 };

/** Forgotten in one transaction, at most. */
const batch = 200;

/** Some room at once, so that the next one need not look again. */
const roomOf = (bound: number): number => Math.floor(bound / 100);

/** The third step of the schema: with what else came then. */
export const boundTables = `
CREATE INDEX live_doubted ON memories (principal, sender)
  WHERE state = 'live' AND trust = 'unverified' AND provenance <> 'verified';
CREATE INDEX deleted_doubted ON memories (principal, sender, ended)
  WHERE state = 'deleted' AND trust = 'unverified' AND provenance <> 'verified';
`;

interface Sender {
  /** Number of the principal. */
  readonly principal: number;
  readonly sender: string;
}

/** By name. */
export interface Told {
  readonly principal: string;
  readonly from: string;
}

export interface Bounding {
  /** After these strangers told something; what has the number `first` or a later one goes last. */
  readonly after: (told: readonly Told[], first: number, at: number) => void;
  /** One batch of what is too much, of anybody. */
  readonly all: (at: number) => number;
  /** One batch of what was forgotten beyond the bound of its sender: gone for good. */
  readonly purge: () => number;
}

const doubted = "trust = 'unverified' AND provenance <> 'verified'";
/** Who went beyond a bound of all: whoever stands behind a principal. */
const behind = `CASE WHEN p.name GLOB 'moved-*' THEN 'moved'
  WHEN instr(p.name, '-for-') > 0 THEN substr(p.name, 1, instr(p.name, '-for-') - 1)
  WHEN p.name = 'trusted' THEN p.name || ' ' || m.sender ELSE p.name END`;
const leastFirst = "uses, touched, id";

export function bounding(
  database: Database.Database,
  index: Index,
  bounds: MemoryBounds,
): Bounding {
  const count = database
    .prepare<[], number>(`SELECT count(*) FROM memories WHERE state = 'live' AND ${doubted}`)
    .pluck();
  const forget = forgetting(database, index);
  const ofSender = perSender(database, bounds.perSender);
  const ofMost = most(database);
  const beyondAll = (at: number): number => {
    const over = count.get() ?? 0;
    if (over <= bounds.all) return 0;
    return forget(ofMost(Math.min(batch, over - bounds.all + roomOf(bounds.all))), at);
  };
  const everybody = database.transaction((at: number): number => {
    const last = Number.MAX_SAFE_INTEGER;
    const gone = ofSender.tooMany().map((one) => forget(ofSender.beyond(one, last), at));
    return gone.reduce((sum, count) => sum + count, 0) + beyondAll(at);
  });
  const purge = database.transaction(purging(database, bounds.perSender));
  const number = database
    .prepare<[string], number>("SELECT id FROM principals WHERE name = ?")
    .pluck();
  return {
    after: (told, first, at) => {
      const senders = new Map(told.map((one) => [JSON.stringify([one.principal, one.from]), one]));
      for (const { principal, from } of senders.values())
        forget(ofSender.beyond({ principal: number.get(principal) ?? 0, sender: from }, first), at);
      if (senders.size > 0) beyondAll(at);
    },
    all: (at) => everybody.immediate(at),
    purge: () => purge.immediate(),
  };
}

function forgetting(database: Database.Database, index: Index) {
  const end = database.prepare(
    "UPDATE memories SET state = 'deleted', ended = @at WHERE id = @id AND state = 'live'",
  );
  return (ids: readonly number[], at: number): number => {
    for (const id of ids) {
      end.run({ at, id });
      index.remove(id);
    }
    return ids.length;
  };
}

function perSender(database: Database.Database, bound: number) {
  const count = database
    .prepare<[number, string], number>(
      `SELECT count(*) FROM memories WHERE state = 'live' AND ${doubted}
       AND principal = ? AND sender = ?`,
    )
    .pluck();
  const least = database
    .prepare<[object], number>(
      `SELECT id FROM memories WHERE state = 'live' AND ${doubted}
       AND principal = @principal AND sender = @sender
       ORDER BY id >= @first, ${leastFirst} LIMIT @over`,
    )
    .pluck();
  const tooMany = database.prepare<[number], Sender>(
    `SELECT principal, sender FROM memories WHERE state = 'live' AND ${doubted}
     GROUP BY principal, sender HAVING count(*) > ? LIMIT 20`,
  );
  return {
    beyond: (of: Sender, first: number): number[] => {
      const over = (count.get(of.principal, of.sender) ?? 0) - bound;
      const many = Math.min(batch, over + roomOf(bound));
      return over <= 0 ? [] : least.all({ ...of, first, over: many });
    },
    tooMany: () => tooMany.all(bound),
  };
}

/** Of whoever has the most: of its largest principal first, and there the least used and oldest. */
function most(database: Database.Database) {
  const largest = database
    .prepare<[], string>(
      `SELECT ${behind} AS behind FROM memories m JOIN principals p ON p.id = m.principal
       WHERE m.state = 'live' AND m.trust = 'unverified' AND m.provenance <> 'verified'
       GROUP BY behind ORDER BY count(*) DESC, behind LIMIT 1`,
    )
    .pluck();
  const least = database
    .prepare<[string, number], number>(
      `SELECT m.id FROM memories m JOIN principals p ON p.id = m.principal
       WHERE m.state = 'live' AND m.trust = 'unverified' AND m.provenance <> 'verified' AND ${behind} = ?
       ORDER BY count(*) OVER (PARTITION BY m.principal) DESC, m.uses, m.touched, m.id LIMIT ?`,
    )
    .pluck();
  return (count: number): number[] => {
    const whose = largest.get();
    return whose === undefined ? [] : least.all(whose, count);
  };
}

/** The room of what is forgotten is bounded as well: the longest forgotten go before their month is over. */
function purging(database: Database.Database, bound: number): () => number {
  const tooMany = database.prepare<[object], Sender & { readonly over: number }>(
    `SELECT principal, sender, count(*) - @bound AS over FROM memories WHERE state = 'deleted'
     AND ${doubted} GROUP BY principal, sender HAVING count(*) > @bound LIMIT 20`,
  );
  const remove = database.prepare<[object]>(
    `DELETE FROM memories WHERE id IN (SELECT id FROM memories WHERE state = 'deleted' AND ${doubted}
     AND principal = @principal AND sender = @sender ORDER BY ended, id LIMIT @over)`,
  );
  return () =>
    tooMany
      .all({ bound })
      .reduce(
        (sum, one) => sum + remove.run({ ...one, over: Math.min(batch, one.over) }).changes,
        0,
      );
}
