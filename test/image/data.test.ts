/**
 * Data and deleted files in an agent's real unit: the program that opens databases runs in the sandbox of tool calls, and
 * what is kept of files lies where those do not reach.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "./scripted/model.ts";
import { bootContainer, type Container, type Reserved, repository } from "./support/container.ts";

const port = 18091;
const home = "/srv/con/agents/keeper";
const shared = "/srv/con/artifacts/keeper";
const others = "/srv/con/agents/other/workspace/secret.db";

let own: Reserved;
let container: Container;

const manifest = (name: string, can: string): string =>
  `name: ${name}\ntier: worker\ndescription: d\nmodel: smart\ncan: {${can}}\n`;
const tools =
  "tools: [sql, import_data, vectors, write_file, delete_file, restore_file, file_versions, shell]";

type Call = readonly [string, object];
const sql = (statement: string, more: object = {}): Call => [
  "sql",
  { db: "a.db", sql: statement, ...more },
];
const vectors = (action: string, more: object = {}): Call => [
  "vectors",
  { db: "v.db", table: "notes", action, ...more },
];
const endless = "WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n) ";

const stories: Readonly<Record<string, readonly Call[]>> = {
  "a table": [
    sql("CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT)"),
    sql("INSERT INTO t VALUES (?, ?)", { many: [[{ integer: "9007199254740993" }, "x"]] }),
    sql("SELECT * FROM t"),
    sql("DROP TABLE t"),
    sql("SELECT * FROM t"),
    ["restore_file", { path: "a.db" }],
    sql("SELECT * FROM t"),
  ],
  "hostile statements": [
    sql("SELECT 1", { attach: { x: others } }),
    sql(`ATTACH '${others}' AS x`),
    sql("CREATE TABLE m (a)", { db: "second.db" }),
    sql("SELECT count(*) AS n FROM x.m", { attach: { x: "second.db" } }),
    sql("SELECT load_extension('/usr/lib/con/node_modules/sqlite-vec-linux-x64/vec0')"),
    sql(`${endless} SELECT max(a) FROM n`, { timeout_seconds: 1 }),
    sql(`${endless} SELECT zeroblob(100000000), a FROM n ORDER BY 1, a`, { timeout_seconds: 30 }),
    sql("SELECT 'alive' AS word"),
  ],
  "an import": [
    ["write_file", { path: "z.csv", content: "zip,n\n01234,1\n99999,2\n" }],
    ["import_data", { file: "z.csv", db: "z.db", table: "z" }],
    ["sql", { db: "z.db", sql: "SELECT zip, typeof(n) FROM z" }],
    vectors("create"),
    vectors("add", { rows: [{ text_to_embed: "backups at night" }, { text_to_embed: "the cat" }] }),
    vectors("search", { query: "backups", limit: 1 }),
    vectors("remove", { ids: [1] }),
  ],
  "deleted files": [
    ["write_file", { path: "f.txt", content: "first" }],
    ["write_file", { path: "f.txt", content: "second" }],
    ["delete_file", { path: "f.txt" }],
    ["shell", { command: `ls ${home}/archive; ls ${home}/workspace/f.txt` }],
    ["restore_file", { path: "f.txt" }],
    ["write_file", { path: `${shared}/g.txt`, content: "on another mount" }],
    ["delete_file", { path: `${shared}/g.txt` }],
    ["restore_file", { path: `${shared}/g.txt` }],
    ["shell", { command: `cat f.txt ${shared}/g.txt` }],
  ],
};

const script = [
  ...Object.entries(stories).map(([when, made]) => ({
    when,
    turns: [
      ...made.map(([name, args]) => ({ tool_calls: [{ name, arguments: args }] })),
      { text: "ok" },
    ],
  })),
  { when: "", turns: [{ text: "ready" }] },
];

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  const server = await readFile(join(repository, "test/support/scripted-model.ts"));
  await container.copyIn("/run/data-model.ts", server);
  await container.copyIn("/run/data-script.json", JSON.stringify(script));
  await container.must([
    ...["systemd-run", "--quiet", "--unit=data-model", "/usr/bin/node", "/run/data-model.ts"],
    ...["--port", String(port), "--script", "/run/data-script.json", "--log", "/run/data.jsonl"],
  ]);
  await container.must(["mkdir", "-p", shared]);
  const keeper = manifest("keeper", `${tools}, write: [${shared}/**]`);
  await container.copyIn("/etc/con/agents.d/keeper.yaml", keeper);
  await container.copyIn("/etc/con/agents.d/other.yaml", manifest("other", "tools: [reply]"));
  await container.must(["con", "bootstrap"]);
  await container.copyIn(others, "SQLite format 3\0", 0o644, "a-other");
  const url = `http://127.0.0.1:${port}/v1`;
  await container.must(["con", "model", "use", "scripted/scripted-1", "--base-url", url]);
});
afterAll(() => own[Symbol.asyncDispose]());

/** What the calls of a story gave. */
async function tell(story: string): Promise<string[]> {
  const id = (await container.must(["con", "task", "-a", "keeper", story])).trim();
  await until(async () => {
    const found = await container.exec(["cat", `${home}/outbox/${id}.json`]);
    return found.code === 0 ? found.stdout : null;
  }, `the end of ${id}`);
  const find = ["find", home, "-name", `${id}.jsonl`, "-exec", "cat", "{}", "+"];
  return (await container.must(find))
    .split("\n")
    .filter((line) => line.includes('"kind":"tool-result"'))
    .map((line) => (JSON.parse(line) as { readonly text: string }).text);
}

test("a table is made, filled, dropped, and brought back from the copy", async () => {
  const [made, filled, read, dropped, gone, restored, again] = await tell("a table");
  expect([made, filled]).toEqual(["[0 rows changed]", "[1 rows changed]"]);
  expect(read).toBe("id | s\n9007199254740993 | x\n[1 row]");
  expect(dropped).toContain("kept as version");
  expect(gone).toContain("no such table");
  expect(restored).toContain("restored");
  expect(again).toContain(read);
});

test("no statement leads out, none goes on for ever, and the agent lives on", async () => {
  const [file, attach, , control, extension, cut, sorted, alive] = await tell("hostile statements");
  expect(file).toContain("denied");
  expect(attach).toContain("ATTACH is not run here");
  expect(control).toBe("n\n0\n[1 row]");
  expect(extension).toContain("not authorized");
  expect(cut).toContain("ended after 1 s");
  expect(sorted).toMatch(/SQLITE_FULL|SQLITE_NOMEM|SQLITE_IOERR|killed|out of memory/);
  expect(alive).toContain("alive");
  // Past all rules of words: the program itself, in a session of the agent, reads the other's file no more than it may.
  const direct = await container.exec(["cat", others], { user: "a-keeper" });
  expect(direct.code).not.toBe(0);
});

test("rows are imported with their types, and texts are found by what they are about", async () => {
  const [, imported, read, , added, found, removed] = await tell("an import");
  expect(imported).toBe("imported 2 rows into z (zip TEXT, n INTEGER)");
  expect(read).toContain("01234 | integer");
  expect(added).toBe("2 rows added\n2 vectors made");
  expect(found).toContain("backups at night");
  expect(removed).toBe("1 rows removed");
});

test("deleted files come back, and commands do not see where they lie", async () => {
  const [, , deleted, listed, restored, , away, back, read] = await tell("deleted files");
  expect(deleted).toContain("deleted");
  expect(listed?.match(/No such file or directory/g)).toHaveLength(2);
  const kept = await container.must(["ls", `${home}/archive/versions`]);
  expect(kept).toMatch(/\.written\..*\n.*\.deleted\./);
  expect([restored, away, back].every((text) => /restored|deleted/.test(text ?? ""))).toBe(true);
  expect(read).toContain("secondon another mount");
});
