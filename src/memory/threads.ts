/**
 * What was said under the name of a thread: turns, and a summary that stands for the oldest of them.
 *
 * A thread belongs to one principal; the same name under another is another thread. A turn is kept once for each
 * task; a summary takes nothing away, turns under it are still found by their words until upkeep ends them
 * (turn-ending.ts), and then the summary is. Never:
 * answers about threads of principals that were not named. After a crash: all of a turn is there, or nothing.
 */
import type Database from "better-sqlite3";
import { clean, queryWords, words } from "./text.ts";
import type { SourceTrust } from "./types.ts";

export interface Turn {
  /** Id of the task. */
  readonly task: string;
  /** Epoch milliseconds of its end. */
  readonly at: number;
  readonly from: string;
  readonly trust: SourceTrust;
  /** done, failed or cancelled. */
  readonly status: string;
  readonly asked: string;
  /** Where the whole text lies, for a text that was cut. */
  readonly askedPath: string | null;
  readonly answer: string;
  readonly answerPath: string | null;
}

export interface Conversation {
  readonly summary: Summary | null;
  /** Those that the summary does not stand for, oldest first. */
  readonly turns: readonly Turn[];
}

export interface Summary {
  readonly text: string;
  /** `unverified` where one of its turns is. */
  readonly trust: SourceTrust;
  /** Of how many turns. */
  readonly turns: number;
}

export interface ThreadEntry {
  readonly principal: string;
  readonly thread: string;
  readonly turns: number;
  /** Of the latest turn, epoch milliseconds. */
  readonly newest: number;
  readonly summary: string | null;
}

export interface TurnFound extends Turn {
  readonly thread: string;
}

export interface Threads {
  /** False: it was kept before. A task that ended once more, because it was retried, has its latest end. */
  addTurn(principal: string, thread: string, turn: Turn): boolean;
  conversation(principal: string, thread: string): Conversation;
  /** From now on the summary stands for the turns of these tasks too. */
  summarize(principal: string, thread: string, text: string, tasks: readonly string[]): void;
  /** The best first. */
  searchTurns(principals: readonly string[], text: string, limit: number): TurnFound[];
  /** Latest first. */
  threads(principals: readonly string[]): ThreadEntry[];
  /** Threads of anybody in which a turn ended at or after this moment. */
  since(moment: number): Pick<ThreadEntry, "principal" | "thread">[];
}

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

const columns = `t.task, t.at, t.sender AS "from", t.trust, t.status, t.asked,
  t.asked_path AS askedPath, t.answer, t.answer_path AS answerPath`;
const owners = "SELECT id FROM principals WHERE name IN (SELECT value FROM json_each(@principals))";
const maxQueryWords = 24;

export function threadsOf(database: Database.Database): Threads {
  const find = finding(database);
  const addTurn = adding(database, find);
  const open = database.prepare<[number], Turn>(
    `SELECT ${columns} FROM turns t WHERE t.thread = ? AND t.covered = 0 ORDER BY t.at, t.id`,
  );
  // The turns that are gone count as well: without them a summary of strangers' words would become a trusted one.
  const covered = database.prepare<[number], { turns: number; doubted: number }>(
    `SELECT h.gone + count(t.id) AS turns,
       h.gone_doubted + coalesce(sum(t.trust <> 'verified'), 0) AS doubted
     FROM threads h LEFT JOIN turns t ON t.thread = h.id AND t.covered = 1 WHERE h.id = ?`,
  );
  const list = database.prepare<[object], ThreadEntry>(`
    SELECT p.name AS principal, h.name AS thread, h.gone + count(t.id) AS turns,
      max(t.at) AS newest, h.summary FROM threads h JOIN principals p ON p.id = h.principal
    JOIN turns t ON t.thread = h.id WHERE h.principal IN (${owners})
    GROUP BY h.id ORDER BY newest DESC, h.id DESC`);
  const since = database.prepare<[number], Pick<ThreadEntry, "principal" | "thread">>(`
    SELECT DISTINCT p.name AS principal, h.name AS thread FROM turns t
    JOIN threads h ON h.id = t.thread JOIN principals p ON p.id = h.principal WHERE t.at >= ?`);
  return {
    addTurn,
    conversation: (principal, thread) => {
      const found = find(principal, thread);
      if (found === null) return { summary: null, turns: [] };
      const { turns = 0, doubted = 0 } = covered.get(found.id) ?? {};
      const trust = doubted > 0 ? "unverified" : "verified";
      const summary = found.summary === null ? null : { text: found.summary, trust, turns };
      return { summary: summary as Summary | null, turns: open.all(found.id) };
    },
    summarize: summarizing(database, find),
    searchTurns: searching(database),
    threads: (principals) => list.all({ principals: JSON.stringify(principals) }),
    since: (moment) => since.all(moment),
  };
}

interface Found {
  readonly id: number;
  readonly summary: string | null;
}

type Find = (principal: string, thread: string) => Found | null;

function finding(database: Database.Database): Find {
  const find = database.prepare<[string, string], Found>(
    `SELECT h.id, h.summary FROM threads h JOIN principals p ON p.id = h.principal
     WHERE p.name = ? AND h.name = ?`,
  );
  return (principal, thread) => find.get(clean(principal), clean(thread)) ?? null;
}

function adding(database: Database.Database, find: Find): Threads["addTurn"] {
  const own = database.prepare("INSERT OR IGNORE INTO principals (name) VALUES (?)");
  const begin = database.prepare(`INSERT INTO threads (principal, name)
    SELECT id, @thread FROM principals WHERE name = @principal`);
  const same = database.prepare<[number | undefined, string], { id: number; at: number }>(
    "SELECT id, at FROM turns WHERE thread = ? AND task = ?",
  );
  const remove = database.prepare("DELETE FROM turns WHERE id = ?");
  const unindex = database.prepare("DELETE FROM turn_words WHERE rowid = ?");
  const add = database.prepare(`INSERT INTO turns (thread, task, at, sender, trust, status,
    asked, asked_path, answer, answer_path) VALUES (@thread, @task, @at, @from, @trust, @status,
    @asked, @askedPath, @answer, @answerPath)`);
  const index = database.prepare("INSERT INTO turn_words (rowid, asked, answer) VALUES (?, ?, ?)");
  const act = database.transaction((principal: string, name: string, turn: Turn): boolean => {
    own.run(principal);
    if (find(principal, name) === null) begin.run({ principal, thread: name });
    const thread = find(principal, name)?.id;
    const [asked, answer] = [clean(turn.asked), clean(turn.answer)];
    const trust = turn.trust === "verified" ? "verified" : "unverified";
    const row = { ...turn, from: clean(turn.from), at: Math.round(turn.at), trust, asked, answer };
    const before = same.get(thread, turn.task);
    if (before?.at === row.at) return false;
    if (before !== undefined) {
      unindex.run(before.id);
      remove.run(before.id);
    }
    const { lastInsertRowid } = add.run({ ...row, thread });
    index.run(lastInsertRowid, words(asked).join(" "), words(answer).join(" "));
    return true;
  });
  return (principal, thread, turn) => act.immediate(clean(principal), clean(thread), turn);
}

function summarizing(database: Database.Database, find: Find): Threads["summarize"] {
  const write = database.prepare("UPDATE threads SET summary = ? WHERE id = ?");
  const index = summaryIndexing(database);
  const cover = database.prepare("UPDATE turns SET covered = 1 WHERE thread = ? AND task = ?");
  const act = database.transaction((id: number, text: string, tasks: readonly string[]) => {
    write.run(clean(text), id);
    index(id, clean(text));
    for (const task of tasks) cover.run(id, task);
  });
  return (principal, thread, text, tasks) => {
    const found = find(principal, thread);
    if (found !== null) act.immediate(found.id, text, tasks);
  };
}

/** Makes the summary of a thread findable by its words. Inside a transaction. */
export function summaryIndexing(database: Database.Database): (id: number, text: string) => void {
  const remove = database.prepare("DELETE FROM summary_words WHERE rowid = ?");
  const add = database.prepare("INSERT INTO summary_words (rowid, summary) VALUES (?, ?)");
  return (id, text) => {
    remove.run(id);
    add.run(id, words(text).join(" "));
  };
}

/** Of threads that lost turns: the summary in the form of a turn, which says what it is. */
const mostSummaries = 2;

function searching(database: Database.Database): Threads["searchTurns"] {
  const search = database.prepare<[object], TurnFound>(`
    SELECT ${columns}, h.name AS thread FROM turn_words w JOIN turns t ON t.id = w.rowid
    JOIN threads h ON h.id = t.thread WHERE turn_words MATCH @match AND h.principal IN (${owners})
    ORDER BY bm25(turn_words), t.id DESC LIMIT @limit`);
  const summaries = database.prepare<[object], TurnFound>(`
    SELECT '' AS task, coalesce(h.gone_until, 0) AS at, 'summary' AS "from",
      CASE WHEN h.gone_doubted > 0 OR EXISTS (SELECT 1 FROM turns t WHERE t.thread = h.id
        AND t.covered = 1 AND t.trust <> 'verified') THEN 'unverified' ELSE 'verified' END AS trust,
      'summary' AS status, 'summary of turns, some of which are gone' AS asked, NULL AS askedPath,
      h.summary AS answer, NULL AS answerPath, h.name AS thread
    FROM summary_words w JOIN threads h ON h.id = w.rowid
    WHERE summary_words MATCH @match AND h.gone > 0 AND h.principal IN (${owners})
    ORDER BY bm25(summary_words) LIMIT ${mostSummaries}`);
  return (principals, text, limit) => {
    const asked = [...new Set(queryWords(clean(text)))].slice(0, maxQueryWords);
    if (asked.length === 0) return [];
    const match = asked.map((word) => `"${word.replaceAll('"', '""')}"`).join(" OR ");
    const named = { match, principals: JSON.stringify(principals) };
    const whole = summaries.all(named);
    return [...search.all({ ...named, limit: Math.max(0, limit - whole.length) }), ...whole];
  };
}
