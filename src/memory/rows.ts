/** Rows of the file as memories, and the ids by which people and models name them. */
import type Database from "better-sqlite3";
import type { Kind, Memory, Provenance, SourceTrust } from "./types.ts";

export interface Row {
  readonly id: number;
  readonly principal: string;
  readonly category: string;
  readonly category_id: number;
  readonly kind: Kind;
  readonly provenance: Provenance;
  readonly confidence: number;
  readonly state: "live" | "replaced" | "deleted";
  readonly ended: number | null;
  readonly replaced_by: number | null;
  readonly created: number;
  readonly updated: number;
  readonly last_used: number | null;
  readonly uses: number;
  readonly expires: number | null;
  readonly task: string | null;
  readonly sender: string;
  readonly trust: SourceTrust;
  readonly call: string | null;
  readonly has_details: number;
  readonly title: string;
  readonly text: string;
}

const columns = `m.id, p.name AS principal, c.name AS category, m.category AS category_id, m.kind,
  m.provenance, m.confidence, m.state, m.ended, m.replaced_by, m.created, m.updated, m.last_used,
  m.uses, m.expires, m.task, m.sender, m.trust, m.call, m.has_details, m.title, m.text`;

/** To be completed with WHERE. `m` is the memory. */
export const selectRow = `SELECT ${columns} FROM memories m
  JOIN principals p ON p.id = m.principal JOIN categories c ON c.id = m.category`;

export const idOf = (row: number): string => `m${row}`;

/** Null for what is no id. */
export function rowOf(id: string): number | null {
  const found = /^m([1-9][0-9]{0,14})$/.exec(id);
  return found === null ? null : Number(found[1]);
}

export const memoryOf = (row: Row): Memory => ({
  id: idOf(row.id),
  principal: row.principal,
  kind: row.kind,
  category: row.category,
  title: row.title,
  text: row.text,
  provenance: row.provenance,
  confidence: row.confidence,
  source: { task: row.task, from: row.sender, trust: row.trust, call: row.call },
  created: row.created,
  updated: row.updated,
  lastUsed: row.last_used,
  uses: row.uses,
  expires: row.expires,
  deleted: row.state === "deleted" ? row.ended : null,
  replacedBy: row.replaced_by === null ? null : idOf(row.replaced_by),
  hasDetails: row.has_details === 1,
});

export interface Reader {
  /** The memory, whatever became of it, if it belongs to one of `principals`. */
  one(id: string, principals: readonly string[]): Row | null;
  many(ids: readonly number[]): Row[];
  details(row: number): string | null;
  /** Live memories that contradict it. */
  against(row: number): Row[];
}

/** Contradictions shown with one memory. */
const maxAgainst = 5;

export function readerOf(database: Database.Database): Reader {
  const one = database.prepare<[number], Row>(`${selectRow} WHERE m.id = ?`);
  const many = database.prepare<[string], Row>(
    `${selectRow} WHERE m.id IN (SELECT value FROM json_each(?))`,
  );
  const details = database
    .prepare<[number], string>("SELECT text FROM details WHERE memory = ?")
    .pluck();
  const against = database.prepare<[number], Row>(
    `${selectRow} JOIN contradictions x ON x.other = m.id
     WHERE x.memory = ? AND m.state = 'live' ORDER BY m.created DESC LIMIT ${maxAgainst}`,
  );
  return {
    one: (id, principals) => {
      const row = rowOf(id);
      const found = row === null ? undefined : one.get(row);
      return found !== undefined && principals.includes(found.principal) ? found : null;
    },
    many: (ids) => many.all(JSON.stringify(ids)),
    details: (row) => details.get(row) ?? null,
    against: (row) => against.all(row),
  };
}
