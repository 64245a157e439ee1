import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sql } from "../../../src/tools/data/sql.ts";
import { fileVersions } from "../../../src/tools/file-versions.ts";
import { restoreFile } from "../../../src/tools/restore-file.ts";
import type { World } from "../support/world.ts";
import { dataWorld, realProgram } from "./support.ts";

let world: World;
beforeEach(() => {
  world = dataWorld();
});
afterEach(() => world.remove());

const ask = async (statement: string, more: object = {}, db = "a.db"): Promise<string> => {
  const { ok, text } = await world.run(sql, { db, sql: statement, ...more });
  return ok ? text : `REFUSED ${text}`;
};

it("makes, fills and reads a table, with every kind of value exact", async () => {
  expect(await ask("SELECT 1")).toContain("does not exist: CREATE TABLE makes it");
  expect(await ask("CREATE TABLE t (id INTEGER PRIMARY KEY, n, s TEXT, b)")).not.toContain(
    "REFUSED",
  );
  const many = [
    [1, 2.5, "плюс 🙂\nline", null],
    [2, { integer: "9007199254740993" }, "NULL", null],
    [3, true, "a | b", null],
  ];
  expect(await ask("INSERT INTO t VALUES (?, ?, ?, ?)", { many })).toBe("[3 rows changed]");
  expect(
    await ask("UPDATE t SET b = zeroblob(:size) WHERE id = :id", { params: { id: 1, size: 7 } }),
  ).toBe("[1 rows changed]");
  expect(await ask("SELECT * FROM t")).toBe(
    [
      "id | n | s | b",
      "1 | 2.5 | плюс 🙂\\nline | <blob 7 bytes>",
      '2 | 9007199254740993 | "NULL" | NULL',
      '3 | 1 | "a | b" | NULL',
      "[3 rows]",
    ].join("\n"),
  );
  expect(await ask("SELECT n, n FROM t WHERE id = 2", { format: "json" })).toBe(
    '{"n":9007199254740993,"n_2":9007199254740993}\n[1 row]',
  );
});

it("undoes a whole call when one of many fails", async () => {
  await ask("CREATE TABLE t (id INTEGER PRIMARY KEY)");
  expect(await ask("INSERT INTO t VALUES (?)", { many: [[1], [2], [1]] })).toContain(
    "REFUSED UNIQUE",
  );
  expect(await ask("SELECT count(*) AS n FROM t")).toContain("\n0\n");
});

it("refuses what leads out of the database, whatever it is dressed as", async () => {
  await ask("CREATE TABLE t (a)");
  const refused = [
    "ATTACH 'b.db' AS b",
    "/* x */ attach 'b.db' as b",
    "DETACH main",
    "EXPLAIN ATTACH 'b.db' AS b",
    "PRAGMA writable_schema = 1",
    "PRAGMA main . writable_schema(1)",
    "PRAGMA -- x\n journal_mode(wal)",
    'PRAGMA "writable_schema" = 1',
    "EXPLAIN PRAGMA writable_schema = 1",
    "PRAGMA user_version(3)",
    "VACUUM INTO 'b.db'",
    "SELECT load_extension('x')",
    "SELECT 1; SELECT 2",
    "BEGIN",
    "SELECT writefile('x', 'y')",
    "UPDATE sqlite_schema SET sql = 'x' WHERE 1 = 2",
    "",
    " ; -- nothing",
  ];
  for (const statement of refused) expect(await ask(statement), statement).toContain("REFUSED");
  expect(fs.readdirSync(world.workspace).sort()).toEqual(["a.db"]);
  expect(await ask("PRAGMA table_info(t)")).toContain("a");
  expect(await ask("EXPLAIN QUERY PLAN DELETE FROM t WHERE a = 1")).toContain("SCAN t");
  expect(await ask("SELECT load_extension('x')")).toContain("not authorized");
});

it("keeps a copy before rows are lost, and only then", async () => {
  const versions = async () => (await world.run(fileVersions, { path: "a.db" })).text;
  await ask("CREATE TABLE t (a INTEGER)");
  await ask(
    "WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n WHERE a < 500) INSERT INTO t SELECT a FROM n",
  );
  await ask("DELETE FROM t WHERE a < 50");
  expect(await versions()).toContain("nothing is kept");
  const many = await ask("DELETE FROM t WHERE a < 300");
  expect(many).toContain("[250 rows changed]");
  expect(many).toMatch(/kept as version \d{8}T\d{9}Z-[0-9a-f]{8}: restore_file/);
  for (const statement of ["UPDATE t SET a = 0", "DELETE FROM t WHERE 1 = 1", "DROP TABLE t"])
    expect(await ask(statement), statement).toContain("kept as version");
  expect(await ask("SELECT * FROM t")).toContain("no such table");
  // The oldest of four copies is gone: three are kept of a file.
  const lines = (await versions()).split("\n");
  expect(lines).toHaveLength(3);
  const oldest = lines.at(-1)?.split(" ")[0];
  expect((await world.run(restoreFile, { path: "a.db", version: oldest })).ok).toBe(true);
  expect(await ask("SELECT count(*), min(a) FROM t")).toContain("201 | 300");
});

it("destroys nothing when the copy cannot be kept", async () => {
  await ask("CREATE TABLE t (a)");
  await ask("INSERT INTO t VALUES (randomblob(5000000))");
  expect(await ask("DROP TABLE t")).toMatch(/REFUSED .* too large for a copy/);
  expect(await ask("SELECT length(a) FROM t")).toContain("5000000");
  fs.rmSync(path.join(world.base, "archive"), { recursive: true });
  fs.writeFileSync(path.join(world.base, "archive"), "");
  await ask("CREATE TABLE t (a)", {}, "b.db");
  expect(await ask("DROP TABLE t", {}, "b.db")).toContain("REFUSED");
  expect(await ask("SELECT * FROM t", {}, "b.db")).toContain("[0 rows]");
});

it("reads a second database by attach, and writes no other", async () => {
  await ask("CREATE TABLE t (a)", {}, "b.db");
  await ask("INSERT INTO t VALUES (7)", {}, "b.db");
  const attach = { b: "b.db" };
  expect(await ask("SELECT a FROM b.t", { attach })).toContain("REFUSED");
  await ask("CREATE TABLE own (a)");
  expect(await ask("INSERT INTO own SELECT a FROM b.t", { attach })).toBe("[1 rows changed]");
  expect(await ask("INSERT INTO b.t VALUES (8)", { attach })).toContain("only read");
  expect(await ask("SELECT count(*) FROM b.t", { attach })).toContain("\n1\n");
  const outside = path.join(world.base, "state", "journal.jsonl");
  expect(await ask("SELECT 1", { attach: { x: outside } })).toContain("no manifest opens");
  expect(await ask("SELECT 1", {}, outside)).toContain("no manifest opens");
});

it("writes nothing where it may only read, and says strangers' words are such", async () => {
  const db = path.join(world.base, "granted", "g.db");
  await ask("CREATE TABLE t (a)", {}, "a.db");
  fs.copyFileSync(path.join(world.workspace, "a.db"), db);
  expect(await ask("SELECT * FROM t", {}, db)).toContain("[0 rows]");
  expect(await ask("INSERT INTO t VALUES (1)", {}, db)).toContain("REFUSED denied (");
  expect(await world.run(sql, { db, sql: "SELECT 1" })).not.toHaveProperty("untrusted");
  fs.chmodSync(db, 0o666);
  expect(await world.run(sql, { db, sql: "SELECT 1" })).toHaveProperty("untrusted", true);
});

it("takes a database for a stranger's where strangers may put a log beside it", async () => {
  await ask("CREATE TABLE t (a)");
  const granted = path.join(world.base, "granted");
  const db = path.join(granted, "deep", "g.db");
  fs.mkdirSync(path.dirname(db));
  fs.copyFileSync(path.join(world.workspace, "a.db"), db);
  const isStrange = async () =>
    (await world.run(sql, { db, sql: "SELECT 1" })).untrusted === true ||
    (await world.run(sql, { db: "a.db", sql: "SELECT 1", attach: { x: db } })).untrusted === true;
  expect(await isStrange()).toBe(false);
  for (const directory of [path.dirname(db), granted]) {
    fs.chmodSync(directory, 0o777);
    expect([directory, await isStrange()]).toEqual([directory, true]);
    const made = {
      db: path.join(granted, `${path.basename(directory)}.db`),
      sql: "CREATE TABLE t (a)",
    };
    const files = { ...world.context.files, writable: [world.workspace, granted] };
    const { ok, untrusted } = await sql.run(made, { ...world.context, files });
    expect([ok, untrusted]).toEqual([true, directory === granted ? true : undefined]);
    fs.chmodSync(directory, 0o755);
  }
});

it("ends what does not end, and goes on after it", async () => {
  await ask("CREATE TABLE t (a)");
  const context = { ...world.context, ...realProgram(world.workspace) };
  const endless =
    "WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n) INSERT INTO t SELECT a FROM n";
  const cut = await sql.run({ db: "a.db", sql: endless, timeout_seconds: 2 }, context);
  expect(cut.text).toContain("ended after 2 s, its time limit");
  const count = { db: "a.db", sql: "SELECT count(*) FROM t" };
  expect((await sql.run(count, context)).text).toContain("\n0\n");
}, 60_000);

it("puts many rows into a file, and all of them where they are wanted", async () => {
  const numbers = "WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n WHERE a < 3000) ";
  await ask("CREATE TABLE t (a)");
  const shown = await ask(`${numbers} SELECT a, a || ',x' AS s FROM n`, { limit: 2 });
  expect(shown).toMatch(/^a \| s\n1 \| 1,x\n2 \| 2,x\n\[2 rows are shown, 3000 are in (\S+)\]$/);
  const file = /in (\S+)\]/.exec(shown)?.[1] ?? "";
  const lines = fs.readFileSync(file, "utf8").trimEnd().split("\n");
  expect([lines.length, lines[0], lines.at(-1)]).toEqual([3001, "a,s", '3000,"3000,x"']);
  expect(await ask(`${numbers} SELECT a FROM n`, { save_to: "out.json" })).toContain(
    "3000 rows are in",
  );
  expect(JSON.parse(fs.readFileSync(path.join(world.workspace, "out.json"), "utf8"))).toHaveLength(
    3000,
  );
  const bounded = { ...world.context, shell: { ...world.context.shell, outputBytes: 2000 } };
  const endless = "WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n) SELECT a FROM n";
  expect((await sql.run({ db: "a.db", sql: endless }, bounded)).text).toContain("there are more");
});

it("says what is wrong with a file that is no database", async () => {
  world.write(
    "text.db",
    "this is a text that is long enough to be looked at as a database ".repeat(20),
  );
  expect(await ask("SELECT 1 FROM t", {}, "text.db")).toContain("is no SQLite database");
  fs.mkdirSync(path.join(world.workspace, "d.db"));
  expect(await ask("SELECT 1", {}, "d.db")).toContain("is a directory");
  expect(await ask("SELECT ?")).toContain("REFUSED");
});
