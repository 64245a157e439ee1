/** The tables of threads (threads.ts), as two steps of the schema make them. */

/** The second step of the schema. */
export const threadTables = `
CREATE TABLE threads (
  id INTEGER PRIMARY KEY,
  principal INTEGER NOT NULL REFERENCES principals (id),
  name TEXT NOT NULL,
  summary TEXT,
  UNIQUE (principal, name)
) STRICT;
CREATE TABLE turns (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  thread INTEGER NOT NULL REFERENCES threads (id),
  task TEXT NOT NULL,
  at INTEGER NOT NULL,
  sender TEXT NOT NULL,
  trust TEXT NOT NULL CHECK (trust IN ('verified', 'unverified')),
  status TEXT NOT NULL,
  covered INTEGER NOT NULL DEFAULT 0,
  asked_path TEXT,
  answer_path TEXT,
  asked TEXT NOT NULL,
  answer TEXT NOT NULL,
  UNIQUE (thread, task)
) STRICT;
CREATE INDEX open_turns ON turns (thread, at) WHERE covered = 0;
CREATE VIRTUAL TABLE turn_words USING fts5
  (asked, answer, content = '', contentless_delete = 1, tokenize = 'ascii');
CREATE INDEX by_call ON memories (task, call) WHERE call IS NOT NULL;
`;

/** Of the third step. `gone`: turns that ended, `gone_doubted` of them from unverified senders. */
export const summaryTables = `
ALTER TABLE threads ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
ALTER TABLE threads ADD COLUMN gone_doubted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE threads ADD COLUMN gone_until INTEGER;
CREATE INDEX covered_turns ON turns (at) WHERE covered = 1;
CREATE INDEX turns_by_time ON turns (at);
CREATE VIRTUAL TABLE summary_words USING fts5
  (summary, content = '', contentless_delete = 1, tokenize = 'ascii');
`;
