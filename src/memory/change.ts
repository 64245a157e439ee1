/**
 * What may happen to a memory after it was stored: forgotten (softly), brought back, verified, used. Each is
 * one transaction; the rules are asked inside it. Never: removes anything for good, that is upkeep's.
 */
import type Database from "better-sqlite3";
import type { Index } from "./indexing.ts";
import { idOf, memoryOf, type Reader, type Row, rowOf } from "./rows.ts";
import { verifiedAs, whyNotForget, whyNotRestore, whyNotVerify } from "./rules.ts";
import { clean } from "./text.ts";
import { type Actor, type Changed, type Evidence, limits, type Memory } from "./types.ts";

export interface ChangeParts {
  readonly database: Database.Database;
  readonly reader: Reader;
  readonly index: Index;
  readonly now: () => number;
}

export interface VerifyOptions {
  readonly confidence?: number;
  /** Ids that are settled by it: they are replaced. */
  readonly replaces?: readonly string[];
}

type Principals = readonly string[];

export interface Changes {
  forget(principals: Principals, id: string, actor: Actor): Changed;
  restore(principals: Principals, id: string, actor: Actor): Changed;
  verify(principals: Principals, id: string, evidence: Evidence, how?: VerifyOptions): Changed;
  /** Those that were shown and helped: they are fresh again. Searching alone refreshes nothing. */
  used(principals: Principals, ids: readonly string[]): void;
}

const missing = (id: string): Changed => ({
  outcome: "missing",
  why: `no memory ${id.slice(0, 40)}`,
});
const refused = (why: string): Changed => ({ outcome: "refused", why });
const done = (row: Row): Changed => ({ outcome: "done", id: idOf(row.id) });

export function changesOf(parts: ChangeParts): Changes {
  const { database, reader, index, now } = parts;
  const set = database.prepare(
    "UPDATE memories SET state = @state, ended = @ended, replaced_by = @by WHERE id = @id",
  );
  const link = database.prepare(`INSERT OR IGNORE INTO contradictions (memory, other)
    VALUES (@one, @other), (@other, @one)`);
  const verify = verifying(parts);

  const forget = (principals: Principals, id: string, actor: Actor): Changed => {
    const row = reader.one(id, principals);
    if (row === null) return missing(id);
    const why = whyNotForget(memoryOf(row), actor);
    if (why !== null) return refused(why);
    if (row.state === "deleted") return done(row);
    set.run({ state: "deleted", ended: Math.round(now()), by: row.replaced_by, id: row.id });
    index.remove(row.id);
    return done(row);
  };

  const restore = (principals: Principals, id: string, actor: Actor): Changed => {
    const row = reader.one(id, principals);
    if (row === null) return missing(id);
    const why = whyNotRestore(actor);
    if (why !== null) return refused(why);
    if (row.state === "live") return done(row);
    set.run({ state: "live", ended: null, by: null, id: row.id });
    // Both stand now, so each is shown with the other.
    if (row.replaced_by !== null) link.run({ one: row.id, other: row.replaced_by });
    index.add(row.id, { ...row, details: reader.details(row.id) });
    index.restoreVector(row.id);
    return done(row);
  };

  const use = database.prepare(`UPDATE memories SET uses = uses + 1, last_used = @at,
    touched = max(touched, @at) WHERE id = @id AND state = 'live'`);
  const used = (principals: Principals, ids: readonly string[]): void => {
    const at = Math.round(now());
    for (const id of new Set(ids)) {
      const row = reader.one(id, principals);
      if (row !== null) use.run({ at, id: row.id });
    }
  };

  const within = <A extends unknown[], T>(act: (...args: A) => T) => {
    const transaction = database.transaction(act);
    return (...args: A): T => transaction.immediate(...args);
  };
  return {
    forget: within(forget),
    restore: within(restore),
    verify: within(verify),
    used: within(used),
  };
}

function verifying({ database, reader, index, now }: ChangeParts): Changes["verify"] {
  // What is verified does not end by itself.
  const raise = database.prepare(`UPDATE memories SET provenance = @provenance,
    confidence = @confidence, updated = @at, touched = max(touched, @at), expires = NULL
    WHERE id = @id`);
  const note = database.prepare(`INSERT INTO evidence (memory, at, checked_by, task, call, text)
    VALUES (@id, @at, @by, @task, @call, @text)`);
  const settle = database.prepare(
    "UPDATE memories SET state = 'replaced', ended = @at, replaced_by = @by WHERE id = @id",
  );
  return (principals, id, given, { confidence, replaces = [] } = {}) => {
    const row = reader.one(id, principals);
    if (row === null) return missing(id);
    const evidence = { ...given, by: clean(given.by), text: clean(given.text) };
    const why = whyNotVerify(memoryOf(row), evidence) ?? whyTooLong(evidence);
    if (why !== null) return refused(why);
    if (row.state === "replaced") return refused("another one took its place: verify that one");
    const settled = replaces.map((other) => reader.one(other, [row.principal]));
    const unknown = replaces.find((_, at) => settled[at] === null || rowOf(id) === settled[at]?.id);
    if (unknown !== undefined) return missing(unknown);
    const at = Math.round(now());
    raise.run({ ...verifiedAs(confidence), at, id: row.id });
    const task = evidence.task?.id ?? null;
    const call = evidence.task?.call ?? null;
    note.run({ id: row.id, at, by: evidence.by, task, call, text: evidence.text });
    for (const other of settled)
      if (other?.state === "live") {
        settle.run({ at, by: row.id, id: other.id });
        index.remove(other.id);
      }
    return done(row);
  };
}

function whyTooLong({ by, text }: Evidence): string | null {
  if (by === "" || Buffer.byteLength(by) > limits.name) return "by: empty or too long";
  const size = Buffer.byteLength(text);
  return size > limits.evidence ? `evidence: ${size} bytes, at most ${limits.evidence}` : null;
}

/** What was seen when a memory was verified, oldest first. */
export interface Check {
  readonly at: number;
  readonly by: string;
  readonly task: string | null;
  readonly call: string | null;
  readonly text: string;
}

export function checksOf(database: Database.Database): (memory: Memory) => Check[] {
  const all = database.prepare<[number], Check>(
    `SELECT at, checked_by AS "by", task, call, text FROM evidence WHERE memory = ? ORDER BY id`,
  );
  return (memory) => all.all(rowOf(memory.id) ?? 0);
}
