/**
 * What was said under the name of a thread: turns, and a summary that stands for the oldest of them.
 *
 * A thread belongs to one principal; the same name under another is another thread. A turn is kept once for each
 * task; a summary takes nothing away, turns under it are still found by their words until upkeep ends them
 * (turn-ending.ts), and then the summary is. Never:
 * answers about threads of principals that were not named. After a crash: all of a turn is there, or nothing.
 */
import type Database from "better-sqlite3";
import { clean, words } from "./text.ts";
import type { Summary, ThreadEntry, Threads, Turn } from "./thread-types.ts";
import { columns, owners, searching } from "./turn-search.ts";

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
