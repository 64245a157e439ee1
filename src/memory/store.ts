/**
 * Puts memories into the file: one transaction, durable when it returns. What says exactly the same is stored
 * once; what says something else under the same title is kept beside the old and linked.
 *
 * Never: changes the text of a memory, lets a lower standing replace a higher one, or reaches into what belongs
 * to another principal. After a crash: all of a memory is there, or nothing of it.
 */
import type Database from "better-sqlite3";
import type { Bounding } from "./bounds.ts";
import type { Prepared, Refused } from "./draft.ts";
import type { Embedded, Index } from "./indexing.ts";
import { describing, inserting } from "./insert.ts";
import { idOf, type Reader, type Row, rowOf, selectRow } from "./rows.ts";
import { mayReplace, type Standing, standing } from "./rules.ts";
import type { Stored } from "./types.ts";

export interface StoreParts {
  readonly database: Database.Database;
  readonly reader: Reader;
  readonly index: Index;
  readonly bounding: Bounding;
  readonly now: () => number;
}

/** Others under the same title that are compared and linked. */
const maxRivals = 20;
const maxNamed = 20;

const standingOf = (row: Pick<Row, "provenance" | "trust">): Standing => ({
  provenance: row.provenance,
  source: { trust: row.trust },
});

interface Rivals {
  readonly replaced: readonly Row[];
  readonly contradicts: readonly Row[];
}

export interface Item {
  readonly made: Prepared;
  /** The vector of its `embeddedText`. */
  readonly embedded: Embedded;
}

export type StoreNow = (items: readonly (Item | Refused)[]) => Stored[];

export function storing(parts: StoreParts): StoreNow {
  const { database, reader, index, now } = parts;
  const insert = inserting(database);
  const categoryOf = describing(database);
  const take = placing(database, index);
  const sameDigest = database.prepare<[Buffer], Row>(
    `${selectRow} WHERE m.digest = ? AND m.state = 'live'`,
  );
  const sameTitle = database.prepare<[number, string], Row>(
    `${selectRow} WHERE m.category = ? AND m.title_key = ? AND m.state = 'live'
     ORDER BY m.created DESC LIMIT ${maxRivals}`,
  );
  const refresh = database.prepare(
    "UPDATE memories SET updated = @at, touched = @at WHERE id = @id",
  );

  const one = (item: Item | Refused): Stored => {
    if ("why" in item) return { outcome: "refused", why: item.why };
    const { made, embedded } = item;
    const at = Math.round(now());
    const incoming = standingOf({ provenance: made.provenance, trust: made.source.trust });
    const known = sameDigest.all(made.digest).find(({ principal }) => principal === made.principal);
    const height = known === undefined ? -1 : standing(standingOf(known));
    if (known !== undefined && height >= standing(incoming)) {
      // Said again by those who stand as high, it is fresh again; by others it stays as it is.
      if (height === standing(incoming)) refresh.run({ at, id: known.id });
      return storedAs("known", known, noRivals, null);
    }
    const named = namedRows(reader, made);
    if ("why" in named) return { outcome: "refused", why: named.why };
    const category = categoryOf(made);
    const rivals = judge(incoming, named, sameTitle.all(category, made.titleKey), known);
    const id = insert(made, category, at);
    take(id, rivals, at);
    index.add(id, made);
    if (embedded.why === null) index.setVector(id, embedded.vector);
    const stored = { id, provenance: made.provenance, confidence: made.confidence };
    return storedAs("stored", stored, rivals, embedded.why);
  };
  const all = database.transaction((items: Parameters<StoreNow>[0]) => {
    const stored = items.map(one);
    bound(parts, items, stored);
    return stored;
  });
  return (items) => all.immediate(items);
}

/** Who told too much loses what is oldest of it, and not what was stored just now. */
function bound(
  { bounding, now }: StoreParts,
  items: readonly (Item | Refused)[],
  stored: readonly Stored[],
): void {
  const added = stored.flatMap((one, at) => {
    const item = items[at];
    if (one.outcome !== "stored" || item === undefined || "why" in item) return [];
    const { principal, source } = item.made;
    const told = { principal, from: source.from };
    return source.trust === "verified" ? [] : [{ row: rowOf(one.id) ?? 0, told }];
  });
  const first = Math.min(...added.map(({ row }) => row));
  const told = added.map((one) => one.told);
  bounding.after(told, first, Math.round(now()));
}

/** The new one takes the place of some and is linked with others. */
function placing(database: Database.Database, index: Index) {
  const replace = database.prepare(
    "UPDATE memories SET state = 'replaced', ended = @at, replaced_by = @by WHERE id = @id",
  );
  const link = database.prepare(`INSERT OR IGNORE INTO contradictions (memory, other)
    VALUES (@one, @other), (@other, @one)`);
  return (id: number, { replaced, contradicts }: Rivals, at: number): void => {
    for (const row of replaced) {
      replace.run({ at, by: id, id: row.id });
      index.remove(row.id);
    }
    for (const row of contradicts) link.run({ one: id, other: row.id });
  };
}

const noRivals: Rivals = { replaced: [], contradicts: [] };

function storedAs(
  outcome: "stored" | "known",
  { id, provenance, confidence }: Pick<Row, "id" | "provenance" | "confidence">,
  { replaced, contradicts }: Rivals,
  withoutVector: string | null,
): Stored {
  const ids = (rows: readonly Row[]) => rows.map((row) => idOf(row.id));
  return {
    ...{ outcome, id: idOf(id), provenance, confidence, withoutVector },
    ...{ replaced: ids(replaced), contradicts: ids(contradicts) },
  };
}

interface Named {
  readonly replaces: readonly Row[];
  readonly contradicts: readonly Row[];
}

function namedRows(reader: Reader, draft: Prepared): Named | { readonly why: string } {
  const lists = [draft.replaces, draft.contradicts] as const;
  if (lists.flat().length > maxNamed) return { why: `at most ${maxNamed} other memories` };
  const [replaces, contradicts] = lists.map((ids) =>
    [...new Set(ids)].map((id) => reader.one(id, [draft.principal])),
  );
  const missing = lists.flat().find((id) => reader.one(id, [draft.principal]) === null);
  if (missing !== undefined) return { why: `no memory ${missing.slice(0, 40)}` };
  const live = (rows: readonly (Row | null)[] = []) =>
    rows.filter((row): row is Row => row !== null && row.state === "live");
  return { replaces: live(replaces), contradicts: live(contradicts) };
}

/** The same words from a source that stands higher take the place of `known`. */
function judge(incoming: Standing, named: Named, rivals: Row[], known: Row | undefined): Rivals {
  const wanted = known === undefined ? named.replaces : [...named.replaces, known];
  const replaced = new Map(
    wanted.filter((row) => mayReplace(incoming, standingOf(row))).map((row) => [row.id, row]),
  );
  const others = [...wanted, ...named.contradicts, ...rivals];
  const contradicts = new Map(
    others.filter(({ id }) => !replaced.has(id)).map((row) => [row.id, row]),
  );
  return { replaced: [...replaced.values()], contradicts: [...contradicts.values()] };
}
