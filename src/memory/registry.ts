/**
 * The table of contents: categories with counts, the entries of one, and both as a text of bounded size for a
 * prompt. Reads only. Names and titles are data of whoever told them: each stands in quotes on its own line,
 * and what nobody vouches for is marked.
 */
import type Database from "better-sqlite3";
import { idOf } from "./rows.ts";
import { key } from "./text.ts";
import type { Category, Entry } from "./types.ts";
import { inQuotes } from "./visible.ts";

export interface Registry {
  /** Largest first. */
  categories(principals: readonly string[]): Category[];
  /** Newest first; `before`: id of the last entry of the page before. */
  entries(principals: readonly string[], category: string, page?: Page): Entry[];
}

export interface Page {
  readonly limit?: number;
  readonly before?: number;
}

const usualEntries = 50;
const maxEntries = 200;

const owners = "SELECT id FROM principals WHERE name IN (SELECT value FROM json_each(@principals))";

interface EntryRow extends Omit<Entry, "id"> {
  readonly id: number;
}

export function registryOf(database: Database.Database): Registry {
  const categories = database.prepare<[object], Category>(`
    SELECT c.name, c.description, c.trust, sum(m.count) AS count, max(m.newest) AS newest
    FROM (SELECT category, count(*) AS count, max(created) AS newest FROM memories
      WHERE state = 'live' AND principal IN (${owners}) GROUP BY principal, category) m
    JOIN categories c ON c.id = m.category GROUP BY c.id ORDER BY count DESC, c.name`);
  const entries = database.prepare<[object], EntryRow>(`
    SELECT m.id, m.kind, m.title, m.provenance, m.trust, m.created FROM memories m
    JOIN categories c ON c.id = m.category
    WHERE m.state = 'live' AND c.key = @key AND m.principal IN (${owners})
    AND (@before IS NULL OR m.created < @before)
    ORDER BY m.created DESC, m.id DESC LIMIT @limit`);
  return {
    categories: (principals) => categories.all({ principals: JSON.stringify(principals) }),
    entries: (principals, category, { limit = usualEntries, before } = {}) =>
      entries
        .all({
          principals: JSON.stringify(principals),
          key: key(category),
          before: before ?? null,
          limit: Math.min(maxEntries, Math.max(1, limit)),
        })
        .map((row) => ({ ...row, id: idOf(row.id) })),
  };
}

/** Counts what a text costs; tokens are for the caller to count. */
export type Measure = (text: string) => number;

const roughTokens: Measure = (text) => Math.ceil(Buffer.byteLength(text) / 4);

/** One line a category, whole lines only, as many as `most` holds; the rest is counted in the last line. */
export function indexText(
  categories: readonly Category[],
  most: number,
  cost = roughTokens,
): string {
  const lines: string[] = [];
  const rest = (left: readonly Category[]): string => {
    const memories = left.reduce((sum, { count }) => sum + count, 0);
    return `… ${left.length} more categories with ${memories} memories`;
  };
  for (const [at, category] of categories.entries()) {
    const left = categories.slice(at + 1);
    const next = lineOf(category);
    const whole = [...lines, next, ...(left.length > 0 ? [rest(left)] : [])].join("\n");
    if (cost(whole) > most) {
      const shorter = [...lines, rest(categories.slice(at))].join("\n");
      return cost(shorter) > most ? "" : shorter;
    }
    lines.push(next);
  }
  return lines.join("\n");
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

function lineOf({ name, description, trust, count, newest }: Category): string {
  const about = description === "" ? "" : ` ${inQuotes(description)}`;
  const doubt = trust === "verified" ? "" : " (named by an unverified sender)";
  return `${inQuotes(name)} ${count}, newest ${dayOf(newest)}${about}${doubt}`;
}
