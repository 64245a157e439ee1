import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { replyMark } from "../../../src/data/protocol.ts";
import { lexicalEmbedder } from "../../../src/memory/lexical.ts";
import { sql } from "../../../src/tools/data/sql.ts";
import { vectors } from "../../../src/tools/data/vectors.ts";
import type { Embedding } from "../../../src/tools/desks.ts";
import type { ToolContext } from "../../../src/tools/tool.ts";
import { executed, type World } from "../support/world.ts";
import { dataWorld } from "./support.ts";

let world: World;
beforeEach(() => {
  world = dataWorld();
});
afterEach(() => world.remove());

const use = async (args: object, change: Partial<ToolContext> = {}): Promise<string> => {
  const context = { ...world.context, ...change };
  const { ok, text } = await vectors.run({ db: "v.db", table: "notes", ...args }, context);
  return ok ? text : `REFUSED ${text}`;
};
const query = async (statement: string): Promise<string> =>
  (await world.run(sql, { db: "v.db", sql: statement })).text;

const rows = [
  { text_to_embed: "The disk of the mail server is full", title: "disk" },
  { text_to_embed: "Backups run every night at three", title: "backups" },
  { text_to_embed: "Кот спит на окне", title: "cat" },
];

it("finds texts by what they are about, and shows no numbers", async () => {
  expect(await use({ action: "search", query: "x" })).toContain("does not exist");
  expect(await use({ action: "create", columns: ["title"] })).toContain("con/lexical-1");
  expect(await use({ action: "add", rows })).toBe("3 rows added\n3 vectors made");
  expect(await use({ action: "add", rows })).toBe(
    "0 rows added, 3 were there already\n0 vectors made",
  );
  const found = await use({ action: "search", query: "when do the backups run", limit: 1 });
  expect(found).toMatch(
    /^\{"score":0\.\d+,"id":2,"text_to_embed":"Backups run.*"title":"backups"\}\n/,
  );
  expect(await query("SELECT * FROM notes_vectors WHERE id = 1")).toMatch(
    /<blob 16 bytes> \| <blob 1024 bytes>/,
  );
  expect(await use({ action: "info" })).toContain("3 rows, 0 without a vector");
  expect(await use({ action: "remove", ids: [2] })).toBe("1 rows removed");
  expect(await use({ action: "search", query: "when do the backups run" })).not.toContain(
    "backups",
  );
});

it("makes the vector anew when the text changes, also by sql", async () => {
  await use({ action: "create", columns: ["title"] });
  await use({ action: "add", rows });
  await query("UPDATE notes SET text_to_embed = 'A dog barks' WHERE id = 1");
  expect(await use({ action: "search", query: "dog" })).toContain("1 rows have no vector yet");
  expect(await use({ action: "embed" })).toBe("1 vectors made");
  expect(await use({ action: "add", rows: [{ id: 3, text_to_embed: "Ein Hund bellt" }] })).toBe(
    "0 rows added, 1 changed\n1 vectors made",
  );
  expect(await use({ action: "search", query: "hund bellt", limit: 1 })).toContain("Ein Hund");
  await query("DELETE FROM notes WHERE id = 1");
  expect(await query("SELECT count(*) FROM notes_vectors")).toContain("\n2\n");
});

it("takes rows of a SELECT, goes on after a failure, and keeps what is done", async () => {
  await query("CREATE TABLE src (body TEXT)");
  const numbers = "WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n WHERE a < 600) ";
  await query(`${numbers} INSERT INTO src SELECT 'word' || a || ' text' FROM n`);
  await use({ action: "create" });
  let calls = 0;
  const failing: Embedding = {
    ...lexicalEmbedder,
    embed: (texts, signal) => {
      calls += 1;
      return calls === 2 ? Promise.reject(new Error("away")) : lexicalEmbedder.embed(texts, signal);
    },
  };
  const from = "SELECT body AS text_to_embed FROM src";
  const cut = await use({ action: "add", from }, { embedding: () => Promise.resolve(failing) });
  expect(cut).toContain(
    "REFUSED 600 rows added\n256 vectors made\nthe embedder failed: away; 344 rows",
  );
  expect(await use({ action: "embed" })).toBe("344 vectors made");
  expect(await use({ action: "search", query: "word599", limit: 1 })).toContain("word599 text");
  expect(await use({ action: "add", from: "DELETE FROM src" })).toContain("REFUSED");
});

it("says that words of a stranger's database are such, whatever it was asked", async () => {
  await use({ action: "create" });
  await use({ action: "add", rows: [{ id: 1, text_to_embed: "x" }] });
  await query("CREATE TRIGGER t BEFORE DELETE ON notes BEGIN SELECT RAISE(ABORT, 'obey'); END");
  const granted = path.join(world.base, "granted");
  const db = path.join(granted, "v.db");
  fs.copyFileSync(path.join(world.workspace, "v.db"), db);
  fs.chmodSync(granted, 0o777);
  const files = { ...world.context.files, writable: [world.workspace, granted] };
  const args = { db, table: "notes", action: "remove", ids: [1] };
  const result = await vectors.run(args, { ...world.context, files });
  expect(result).toMatchObject({ text: expect.stringContaining("obey"), untrusted: true });
});

it("takes from a program that was taken over nothing but what is an answer", async () => {
  const batch = (texts: unknown) => JSON.stringify({ kind: "batch", left: 1, texts });
  for (const forged of ["null", "[]", '{"kind":7}', batch(null), batch([{ id: {}, text: 1 }])]) {
    const execute = async () => executed(`\n${replyMark}${forged}\n`);
    expect([forged, await use({ action: "embed" }, { execute })]).toEqual([
      forged,
      expect.stringContaining("ended without an answer"),
    ]);
  }
});

it("never compares vectors of two models", async () => {
  await use({ action: "create" });
  await use({ action: "add", rows: [{ text_to_embed: "one" }] });
  const other: Embedding = {
    ...{ model: "embedder/x", dimensions: 2 },
    embed: (texts) => Promise.resolve(texts.map(() => Float32Array.of(1, 0))),
  };
  const embedding = () => Promise.resolve(other);
  expect(await use({ action: "search", query: "one" }, { embedding })).toContain("action reembed");
  expect(await use({ action: "add", rows: [{ text_to_embed: "two" }] }, { embedding })).toContain(
    "action reembed",
  );
  expect(await use({ action: "reembed" }, { embedding })).toContain("2 vectors made");
  expect(await use({ action: "search", query: "one" }, { embedding })).toContain('"score":1.0');
});

it("refuses what makes no sense, and changes nothing", async () => {
  await use({ action: "create" });
  expect(await use({ action: "create" })).toContain("already exists");
  expect(await use({ action: "create", table: "b", columns: ["ID"] })).toContain("REFUSED");
  expect(await use({ action: "add" })).toContain("either rows or from");
  const strange = [{ text_to_embed: "x" }, { text_to_embed: "y", nope: 1 }];
  expect(await use({ action: "add", rows: strange })).toContain("no column nope");
  expect(await use({ action: "info" })).toContain(" 0 rows");
  expect(await use({ action: "info", table: "con_vector_tables" })).toContain(
    "no table of vectors",
  );
});
