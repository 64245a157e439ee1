import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { importData } from "../../../src/tools/data/import-data.ts";
import { sql } from "../../../src/tools/data/sql.ts";
import { fileVersions } from "../../../src/tools/file-versions.ts";
import type { World } from "../support/world.ts";
import { dataWorld } from "./support.ts";

let world: World;
beforeEach(() => {
  world = dataWorld();
});
afterEach(() => world.remove());

const load = async (file: string, more: object = {}): Promise<string> => {
  const { ok, text } = await world.run(importData, { db: "a.db", table: "t", file, ...more });
  return ok ? text : `REFUSED ${text}`;
};
const rows = async (statement = "SELECT * FROM t"): Promise<string> =>
  (await world.run(sql, { db: "a.db", sql: statement })).text;

it("finds types that lose nothing", async () => {
  const lines = [
    "\ufeffid;zip;price;big;code;when;note;",
    "1;01234;1.50;9007199254740993;1;2027-01-31;;",
    '2;99999;-3;9223372036854775807;12345678901234567890;x;"a ""b"";\nc";',
    "",
  ];
  world.write("a.csv", lines.join("\r\n"));
  expect(await load("a.csv")).toBe(
    [
      "imported 2 rows into t (id INTEGER, zip TEXT, price REAL, big INTEGER, code TEXT, when TEXT, note TEXT, column_8 TEXT)",
      'fields end with ";"',
    ].join("\n"),
  );
  expect(await rows()).toBe(
    [
      "id | zip | price | big | code | when | note | column_8",
      "1 | 01234 | 1.5 | 9007199254740993 | 1 | 2027-01-31 |  | ",
      '2 | 99999 | -3.0 | 9223372036854775807 | 12345678901234567890 | x | a "b";\\nc | ',
      "[2 rows]",
    ].join("\n"),
  );
});

it("tells bad rows by their lines, and takes all or nothing", async () => {
  world.write("a.csv", 'a,b\n1,2\n3\n"x,5\n6,7\n');
  const refused = await load("a.csv");
  expect(refused).toContain("REFUSED nothing was imported");
  expect(refused).toContain("line 3: 1 fields instead of 2");
  expect(fs.existsSync(path.join(world.workspace, "a.db"))).toBe(false);
  expect(await load("a.csv", { bad_rows: "skip" })).toContain("imported 1 rows into t");
  expect(await load("a.csv")).toContain("REFUSED table t exists");
  world.write("b.csv", "b,a\n8,9\n");
  expect(await load("b.csv", { mode: "append" })).toContain("imported 1 rows");
  expect(await rows()).toContain("1 | 2\n9 | 8\n");
  world.write("c.csv", "b,c\n8,9\n");
  expect(await load("c.csv", { mode: "append" })).toContain("the table has no column c");
  expect(await load("c.csv", { mode: "replace", types: { b: "TEXT" } })).toContain(
    "kept as version",
  );
  expect(await rows("SELECT typeof(b), c FROM t")).toContain("text | 9");
  expect((await world.run(fileVersions, { path: "a.db" })).text).toContain("database before");
});

it("reads JSON and NDJSON with all their digits", async () => {
  const objects = '{"n": 9007199254740993, "s": "x", "o": {"k": [1]}}\n\n{"n": 1.5, "B": true}\n';
  world.write("a.ndjson", objects);
  expect(await load("a.ndjson")).toContain("(n (any), s TEXT, o TEXT, B INTEGER)");
  expect(await rows()).toContain(
    '9007199254740993 | x | {"k":[1]} | NULL\n1.5 | NULL | NULL | 1\n',
  );
  world.write("bad.ndjson", `${objects}[1]\nnonsense\n`);
  const refused = await load("bad.ndjson", { table: "u" });
  expect(refused).toContain("line 4: it is no JSON object\nline 5: it is no JSON object");
  world.write("a.json", `[{"a": 1, "A": "x"}]`);
  expect(await load("a.json", { table: "v" })).toContain("(a INTEGER, A_2 TEXT)");
  world.write("b.json", "{");
  expect(await load("b.json", { table: "w" })).toContain("REFUSED");
});

/** Made by pyarrow 25: int64, text, timestamp[us], double, binary, list, decimal, date; groups of two rows. */
it.each(["zstd", "gzip", "brotli", "lz4"])("reads Parquet with %s", async (codec) => {
  world.write(
    "a.parquet",
    fs.readFileSync(path.join(import.meta.dirname, `fixtures/${codec}.parquet`)),
  );
  expect(await load("a.parquet")).toBe(
    [
      "imported 3 rows into t (n INTEGER, s TEXT, at TEXT, d REAL, b BLOB, l TEXT, m REAL, day TEXT)",
      "m: decimals of more than 15 digits are rounded",
    ].join("\n"),
  );
  expect(await rows()).toContain(
    [
      "1 | x | 2027-01-15T07:59:59.123456Z | 1.5 | <blob 2 bytes> | [1,2] | 1.1 | 2027-01-31",
      "9007199254740993 | плюс | 1970-01-01T00:00:00.000000Z | 2.0 | <blob 0 bytes> | [] | 2.2 | 2027-01-31",
      "NULL | NULL | NULL | NULL | NULL | NULL | NULL | 2027-01-31",
    ].join("\n"),
  );
});

it("says of a file what it is not", async () => {
  world.write("a.parquet", "no");
  expect(await load("a.parquet")).toContain("REFUSED");
  world.write("a.bin", "x");
  expect(await load("a.bin")).toContain("set format");
  world.write("empty.csv", "");
  expect(await load("empty.csv")).toContain("has no rows");
  expect(await load("gone.csv")).toContain("does not exist");
});

it("holds no more than a record of a large file", async () => {
  const wide = fs.createWriteStream(path.join(world.workspace, "big.csv"));
  wide.write("n,text\n");
  const chunk = Array.from({ length: 2000 }, (_, at) => `${at},${"x".repeat(200)}\n`).join("");
  for (let at = 0; at < 25; at += 1) wide.write(chunk);
  await new Promise<void>((resolve) => wide.end(resolve));
  const before = process.memoryUsage().rss;
  expect(await load("big.csv")).toContain("imported 50000 rows");
  expect(process.memoryUsage().rss - before).toBeLessThan(400 << 20);
});
