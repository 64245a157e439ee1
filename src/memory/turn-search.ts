/** Finds turns of threads by their words; of a thread that lost turns, its summary stands for them. */
import type Database from "better-sqlite3";
import { clean, queryWords } from "./text.ts";
import type { Threads, TurnFound } from "./thread-types.ts";

export const columns = `t.task, t.at, t.sender AS "from", t.trust, t.status, t.asked,
  t.asked_path AS askedPath, t.answer, t.answer_path AS answerPath`;
export const owners =
  "SELECT id FROM principals WHERE name IN (SELECT value FROM json_each(@principals))";
const maxQueryWords = 24;

/** Of threads that lost turns: the summary in the form of a turn, which says what it is. */
const mostSummaries = 2;

export function searching(database: Database.Database): Threads["searchTurns"] {
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
