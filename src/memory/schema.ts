/**
 * The tables of a memory file and the way from those of earlier versions: only forward, one transaction a step.
 *
 * `memories` holds everything; `words` (FTS5, without content) and `sketches` (vec0) hold what can be found now:
 * live memories only. `vectors` keeps the real vectors, also of what is forgotten, so that restoring costs no
 * model. After a crash in a step: SQLite undoes it, and the next start does it again.
 */
import type Database from "better-sqlite3";
import { boundTables } from "./bounds.ts";
import { MemoryError } from "./errors.ts";
import { sketchBits } from "./sketch.ts";
import { summaryTables, threadTables } from "./thread-tables.ts";

/** "conm" */
export const applicationId = 0x636f6e6d;

const first = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE principals (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE categories (
  id INTEGER PRIMARY KEY,
  principal INTEGER NOT NULL REFERENCES principals (id),
  key TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  trust TEXT NOT NULL,
  UNIQUE (principal, key)
) STRICT;
CREATE TABLE memories (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  principal INTEGER NOT NULL REFERENCES principals (id),
  category INTEGER NOT NULL REFERENCES categories (id),
  kind TEXT NOT NULL,
  provenance TEXT NOT NULL,
  confidence REAL NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('live', 'replaced', 'deleted')),
  ended INTEGER,
  replaced_by INTEGER REFERENCES memories (id) ON DELETE SET NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  last_used INTEGER,
  uses INTEGER NOT NULL DEFAULT 0,
  touched INTEGER NOT NULL,
  expires INTEGER,
  task TEXT,
  sender TEXT NOT NULL,
  trust TEXT NOT NULL CHECK (trust IN ('verified', 'unverified')),
  call TEXT,
  title_key TEXT NOT NULL,
  digest BLOB NOT NULL,
  has_details INTEGER NOT NULL,
  title TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;
CREATE INDEX live_by_filter ON memories (principal, category, created, kind, provenance)
  WHERE state = 'live';
CREATE INDEX live_by_title ON memories (category, title_key) WHERE state = 'live';
CREATE INDEX live_by_digest ON memories (digest) WHERE state = 'live';
CREATE INDEX live_expiring ON memories (expires) WHERE state = 'live' AND expires IS NOT NULL;
CREATE INDEX live_fading ON memories (kind, touched)
  WHERE state = 'live' AND provenance <> 'verified';
CREATE INDEX ended ON memories (state, ended) WHERE state <> 'live';
CREATE INDEX replaced_by ON memories (replaced_by) WHERE replaced_by IS NOT NULL;
CREATE TABLE details (
  memory INTEGER PRIMARY KEY REFERENCES memories (id) ON DELETE CASCADE,
  text TEXT NOT NULL
) STRICT;
CREATE TABLE contradictions (
  memory INTEGER NOT NULL REFERENCES memories (id) ON DELETE CASCADE,
  other INTEGER NOT NULL REFERENCES memories (id) ON DELETE CASCADE,
  PRIMARY KEY (memory, other)
) STRICT, WITHOUT ROWID;
CREATE INDEX contradictions_back ON contradictions (other);
CREATE TABLE evidence (
  id INTEGER PRIMARY KEY,
  memory INTEGER NOT NULL REFERENCES memories (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  checked_by TEXT NOT NULL,
  task TEXT,
  call TEXT,
  text TEXT NOT NULL
) STRICT;
CREATE INDEX evidence_of ON evidence (memory);
CREATE TABLE models (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  dimensions INTEGER NOT NULL,
  UNIQUE (name, dimensions)
) STRICT;
CREATE TABLE vectors (
  memory INTEGER PRIMARY KEY REFERENCES memories (id) ON DELETE CASCADE,
  model INTEGER NOT NULL REFERENCES models (id),
  vector BLOB NOT NULL
) STRICT;
CREATE INDEX vectors_by_model ON vectors (model);
CREATE VIRTUAL TABLE words USING fts5
  (title, text, details, content = '', contentless_delete = 1, tokenize = 'ascii');
CREATE VIRTUAL TABLE terms USING fts5vocab (words, row);
CREATE VIRTUAL TABLE sketches USING vec0 (model INTEGER PARTITION KEY, bits BIT[${sketchBits}]);
`;

/** Each entry leads from the version of its index to the next. Never changed once released, only added to. */
export const steps: readonly string[] = [first, threadTables, boundTables + summaryTables];

/** Brings an open file to this version. Throws for one of a later version, which is left as it is. */
export function migrate(database: Database.Database, path: string, all = steps): void {
  const upgrade = database.transaction(() => {
    const version = versionOf(database);
    if (version > all.length)
      throw new MemoryError(
        "newer",
        `memory ${path}`,
        `its version is ${version}, this program knows ${all.length}`,
        "install the version of con that wrote it",
      );
    for (const step of all.slice(version)) database.exec(step);
    database.pragma(`application_id = ${applicationId}`);
    database.pragma(`user_version = ${all.length}`);
  });
  if (versionOf(database) !== all.length) upgrade.exclusive();
}

export const versionOf = (database: Database.Database): number =>
  Number(database.pragma("user_version", { simple: true }));
