/**
 * Filters of a query as SQL and, where few memories pass, as the list of them: a search among few is exact,
 * a search among many looks at the best and filters those.
 */
import type Database from "better-sqlite3";
import { key } from "../text.ts";
import type { Query } from "../types.ts";

/** Up to this many are compared one by one, some 10 ms. */
const few = 4000;

export interface Among {
  /** SQL over `m`, the table of memories, with named parameters. */
  readonly where: string;
  readonly values: Readonly<Record<string, string | number>>;
  /** All that pass, when they are few; null: too many to list. */
  readonly ids: readonly number[] | null;
}

/** Null when nothing needs to be filtered: every live memory may be found. */
export type Filtering = (query: Query) => Among | null;

const list = (name: string): string => `(SELECT value FROM json_each(@${name}))`;

export function filtering(database: Database.Database): Filtering {
  const all = database.prepare<[], string>("SELECT name FROM principals").pluck();
  const strangers = (names: readonly string[]) => all.all().some((name) => !names.includes(name));
  return (query) => {
    const parts = partsOf(query, strangers(query.principals));
    if (parts.length === 0) return null;
    const where = parts.map(([sql]) => sql).join(" AND ");
    const values = Object.assign({}, ...parts.map(([, value]) => value));
    const ids = database
      .prepare<[object], number>(
        `SELECT m.id FROM memories m WHERE m.state = 'live' AND ${where} LIMIT ${few + 1}`,
      )
      .pluck()
      .all(values);
    return { where, values, ids: ids.length > few ? null : ids };
  };
}

type Part = readonly [sql: string, values: Readonly<Record<string, string | number>>];

function partsOf(query: Query, foreign: boolean): Part[] {
  const { principals, kinds, categories, provenances, since, until } = query;
  const json = (values: readonly string[]) => JSON.stringify(values);
  const owners = `SELECT id FROM principals WHERE name IN ${list("principals")}`;
  const parts: Part[] = [];
  if (foreign) parts.push([`m.principal IN (${owners})`, { principals: json(principals) }]);
  if (kinds !== undefined) parts.push([`m.kind IN ${list("kinds")}`, { kinds: json(kinds) }]);
  if (categories !== undefined) {
    const named = `SELECT id FROM categories WHERE key IN ${list("categories")}`;
    parts.push([`m.category IN (${named})`, { categories: json(categories.map(key)) }]);
  }
  if (provenances !== undefined)
    parts.push([`m.provenance IN ${list("provenances")}`, { provenances: json(provenances) }]);
  if (since !== undefined) parts.push(["m.created >= @since", { since }]);
  if (until !== undefined) parts.push(["m.created <= @until", { until }]);
  return parts;
}

/** Those of `ids` that pass. */
export function passing(
  database: Database.Database,
  ids: readonly number[],
  { where, values }: Among,
): Set<number> {
  const pass = database.prepare<[object], number>(
    `SELECT m.id FROM memories m WHERE m.id IN (SELECT value FROM json_each(@ids)) AND ${where}`,
  );
  return new Set(pass.pluck().all({ ...values, ids: JSON.stringify(ids) }));
}
