/**
 * What a statement is, from its words alone: which are refused before SQLite sees them, and which lose rows. Pure.
 *
 * Some pragmas act while they are prepared, so words are looked at first. It is no parser: what it passes, SQLite
 * parses; what SQLite does with it is looked at in its bytecode (effects.ts), and the sandbox bounds the rest.
 */

export interface Statement {
  /** What it does: the first word, or the one behind WITH …; of EXPLAIN, EXPLAIN. */
  readonly verb: string;
  /** Words and signs outside of quotes, comments and brackets, in capitals. */
  readonly words: readonly string[];
}

const token =
  /\s+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|(?<quoted>'(?:[^']|'')*'?|"(?:[^"]|"")*"?|`(?:[^`]|``)*`?|\[[^\]]*\]?)|(?<word>[\p{L}_][\p{L}\p{N}_$]*)|(?<sign>[\s\S])/gu;

const verbs: ReadonlySet<string> = new Set([
  ...["SELECT", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE"],
]);

export function readStatement(sql: string): Statement {
  const words: string[] = [];
  let depth = 0;
  for (const { groups = {} } of sql.matchAll(token)) {
    const { quoted, word, sign } = groups;
    if (sign === "(") depth += 1;
    if (sign === ")") depth -= 1;
    if (depth > 0 || sign === ")") continue;
    // A quoted name is no word of the language; it only stands for something.
    if (quoted !== undefined) words.push("?");
    else if (word !== undefined) words.push(word.toUpperCase());
    else if (sign !== undefined) words.push(sign);
  }
  while (words[0] === ";") words.shift();
  const first = words[0] ?? "";
  const verb = first === "WITH" ? words.find((word) => verbs.has(word)) : first;
  return { verb: verb ?? first, words };
}

const permitted: ReadonlySet<string> = new Set([
  ...verbs,
  ...["EXPLAIN", "CREATE", "DROP", "ALTER", "ANALYZE", "REINDEX", "VACUUM", "PRAGMA"],
]);

const lookingPragmas: ReadonlySet<string> = new Set([
  ...["TABLE_INFO", "TABLE_XINFO", "TABLE_LIST", "INDEX_LIST", "INDEX_INFO", "INDEX_XINFO"],
  ...["FOREIGN_KEY_LIST", "FOREIGN_KEY_CHECK", "INTEGRITY_CHECK", "QUICK_CHECK", "DATABASE_LIST"],
  ...["USER_VERSION", "APPLICATION_ID", "SCHEMA_VERSION", "ENCODING", "PAGE_COUNT", "PAGE_SIZE"],
  ...["FREELIST_COUNT", "COLLATION_LIST", "FUNCTION_LIST", "COMPILE_OPTIONS"],
]);

/** Pragmas that look may have an argument in brackets; any other would set something. */
const settable: ReadonlySet<string> = new Set([
  "USER_VERSION",
  "APPLICATION_ID",
  "SCHEMA_VERSION",
  "ENCODING",
  "PAGE_SIZE",
]);

const instead: Readonly<Record<string, string>> = {
  ATTACH: "name the other database in attach",
  DETACH: "each call opens the database anew",
  BEGIN: "each call is a transaction of its own; use many for one statement with many rows",
  COMMIT: "each call is a transaction of its own",
  END: "each call is a transaction of its own",
  ROLLBACK: "each call is a transaction of its own",
  SAVEPOINT: "each call is a transaction of its own",
  RELEASE: "each call is a transaction of its own",
};

/** Why it is not run; null = it may be. */
export function refusalOf({ verb, words }: Statement, sql: string): string | null {
  if (verb === "") return "there is no statement in it";
  if (!permitted.has(verb))
    return `${verb.slice(0, 20)} is not run here${instead[verb] === undefined ? "" : `: ${instead[verb]}`}`;
  if (verb === "VACUUM" && words.includes("INTO"))
    return "VACUUM INTO is not run here: use save_to for rows";
  if (verb === "PRAGMA") return pragmaRefusal(words, sql);
  if (verb !== "EXPLAIN") return null;
  const rest = words.slice(words[1] === "QUERY" ? 3 : 1);
  const explained = readStatement(rest.join(" "));
  return explained.verb === "PRAGMA" || explained.verb === "EXPLAIN"
    ? "EXPLAIN of that is not run here"
    : refusalOf(explained, "");
}

function pragmaRefusal(words: readonly string[], sql: string): string | null {
  const name = words[2] === "." ? words[3] : words[1];
  const rest = words.slice(words[2] === "." ? 4 : 2).filter((word) => word !== ";");
  if (name === undefined || !lookingPragmas.has(name))
    return `this PRAGMA is not run here; these are: ${[...lookingPragmas].join(", ").toLowerCase()}`;
  const sets = rest.length > 0 || (settable.has(name) && sql.includes("("));
  return sets ? "a PRAGMA that sets something is not run here" : null;
}

/** Why its loss would be great; null = it is judged by what it does. */
export function destroys({ verb, words }: Statement): string | null {
  if (verb === "DROP" && words[1] !== "INDEX") return "DROP takes it away for good";
  if (verb === "ALTER" && words.includes("DROP")) return "ALTER … DROP takes it away for good";
  if (verb !== "DELETE" && verb !== "UPDATE") return null;
  const where = words.indexOf("WHERE");
  const names = words.slice(where + 1).filter((word) => /^[\p{L}_?]/u.test(word));
  // A condition without a name in it is the same for all rows.
  const isForAll = where < 0 || names.every((word) => word === "TRUE" || word === "NOT");
  return isForAll && !words.includes("LIMIT") ? `${verb} without WHERE is about all rows` : null;
}

/** Whether it may lose rows or values that were there. */
export const loses = ({ verb, words }: Statement): boolean =>
  verb === "DELETE" ||
  verb === "UPDATE" ||
  verb === "REPLACE" ||
  (verb === "INSERT" && (words[2] === "REPLACE" || words.includes("CONFLICT")));
