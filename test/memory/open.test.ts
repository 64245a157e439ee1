/** Opening: a new file, an old one, a damaged one, somebody else's. */
import fs from "node:fs";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { load } from "sqlite-vec";
import { expect, test } from "vitest";
import { MemoryError, named, troubleOf } from "../../src/memory/errors.ts";
import { migrate, steps, versionOf } from "../../src/memory/schema.ts";
import { draft, found, own, put, world } from "./support/world.ts";

const here = world();

const asides = (): string[] =>
  fs.readdirSync(here.directory).filter((name) => name.includes(".damaged-"));

/** Fills the file, closes it, and writes nonsense over a part of it. */
async function damage(from: number, length: number): Promise<Buffer> {
  const store = await here.open();
  for (let at = 0; at < 40; at += 1) await put(store, { title: `t${at}`, text: "x".repeat(3000) });
  store.close();
  const fd = fs.openSync(here.path, "r+");
  fs.writeSync(fd, Buffer.alloc(length, 0x5a), 0, length, from);
  fs.closeSync(fd);
  return fs.readFileSync(here.path);
}

test("a new file is readable by its owner alone, and empty of damage", async () => {
  const store = await here.open();
  expect(store.damaged).toBeNull();
  expect(fs.statSync(here.path).mode & 0o777).toBe(0o600);
  await put(store);
  store.close();
  expect(await found(await here.open(), "tuesday")).toHaveLength(1);
});

test("what was stored is safe before it is said: WAL with full synchronisation", async () => {
  const store = await here.open();
  await put(store);
  const database = new Sqlite(here.path, { readonly: true });
  expect(database.pragma("journal_mode", { simple: true })).toBe("wal");
  database.close();
});

test.each([
  ["header", 0, 100],
  ["schema", 100, 3000],
  ["pages", 40_960, 60_000],
])("a file whose %s is nonsense is set aside whole, and reported", async (_, from, length) => {
  const bytes = await damage(from, length);
  const store = await here.open();
  expect(store.damaged?.why).toMatch(/\w/);
  expect(fs.readFileSync(store.damaged?.path ?? "").equals(bytes)).toBe(true);
  await put(store);
  expect(await found(store, "tuesday")).toHaveLength(1);
  const again = await here.open();
  expect(again.damaged).toBeNull();
  expect(asides().filter((name) => !/-(wal|shm)$/.test(name))).toHaveLength(1);
});

test("two damaged files of one moment are both kept", async () => {
  await damage(0, 100);
  const first = await here.open();
  first.close();
  await damage(0, 100);
  const second = await here.open();
  expect(second.damaged?.path).not.toBe(first.damaged?.path);
  expect(fs.existsSync(first.damaged?.path ?? "")).toBe(true);
});

test("an empty file beside a log that is not empty is not taken for a new one", async () => {
  fs.writeFileSync(here.path, "");
  fs.writeFileSync(`${here.path}-wal`, "what was left");
  const store = await here.open();
  expect(store.damaged?.why).toContain("log");
  expect(fs.readFileSync(`${store.damaged?.path}-wal`, "utf8")).toBe("what was left");
});

test("damage that shows later is told by its name", async () => {
  const store = await here.open();
  await put(store);
  const error = Object.assign(new Error("database disk image is malformed"), {
    code: "SQLITE_CORRUPT_VTAB",
  });
  expect(troubleOf(error)).toBe("damaged");
  expect(named(here.path, error)).toBeInstanceOf(MemoryError);
});

test.each([
  ["SQLITE_FULL", "disk"],
  ["SQLITE_IOERR_WRITE", "disk"],
  ["SQLITE_READONLY_DBMOVED", "disk"],
  ["ENOSPC", "disk"],
  ["SQLITE_BUSY_SNAPSHOT", "busy"],
  ["SQLITE_NOTADB", "damaged"],
  ["SQLITE_IOERR_CORRUPTFS", "damaged"],
  ["SQLITE_CONSTRAINT_CHECK", "software"],
])("%s is %s", (code, trouble) => {
  expect(troubleOf(Object.assign(new Error("x"), { code }))).toBe(trouble);
});

test("what is not SQLite's stays what it was", () => {
  const error = Object.assign(new Error("x"), { code: "ENOENT" });
  expect(named(here.path, error)).toBe(error);
});

test("a file of a later version is left as it is", async () => {
  (await here.open()).close();
  const database = new Sqlite(here.path);
  database.pragma(`user_version = ${steps.length + 1}`);
  database.close();
  await expect(here.open()).rejects.toMatchObject({ trouble: "newer" });
  expect(asides()).toEqual([]);
});

test("somebody else's database is left as it is", async () => {
  const database = new Sqlite(here.path);
  database.exec("CREATE TABLE t (x)");
  database.pragma("user_version = 1");
  database.close();
  const before = fs.readFileSync(here.path);
  await expect(here.open()).rejects.toMatchObject({ trouble: "input" });
  expect(fs.readFileSync(here.path).subarray(100).equals(before.subarray(100))).toBe(true);
});

test("a link is not followed", async () => {
  const target = join(here.directory, "target");
  fs.writeFileSync(target, "");
  fs.symlinkSync(target, here.path);
  await expect(here.open()).rejects.toMatchObject({ trouble: "input" });
  expect(fs.statSync(target).size).toBe(0);
});

test("a step that fails is undone whole; the next start does it again", async () => {
  const store = await here.open();
  await put(store);
  store.close();
  const database = new Sqlite(here.path);
  load(database);
  const bad = [...steps, "CREATE TABLE extra (x); INSERT INTO nowhere VALUES (1);"];
  expect(() => migrate(database, here.path, bad)).toThrow("nowhere");
  expect(versionOf(database)).toBe(steps.length);
  const good = [...steps, "CREATE TABLE extra (x); INSERT INTO extra VALUES (1);"];
  migrate(database, here.path, good);
  expect(versionOf(database)).toBe(steps.length + 1);
  expect(database.prepare("SELECT x FROM extra").pluck().all()).toEqual([1]);
  expect(database.prepare("SELECT count(*) FROM memories").pluck().get()).toBe(1);
  database.close();
});

test("a reader changes nothing, and needs a file that is there", async () => {
  await expect(here.open({ readonly: true })).rejects.toMatchObject({ trouble: "input" });
  expect(fs.existsSync(here.path)).toBe(false);
  const store = await here.open();
  const id = await put(store);
  const reader = await here.open({ readonly: true });
  expect(await found(reader, "tuesday")).toEqual([id]);
  await expect(reader.store(draft({ title: "b" }))).rejects.toMatchObject({ trouble: "disk" });
  expect(reader.show(own, id)?.memory.id).toBe(id);
});

test("a reader that comes while a file is begun is told that there is none yet", async () => {
  fs.writeFileSync(here.path, "", { mode: 0o600 });
  await expect(here.open({ readonly: true })).rejects.toMatchObject({ why: "there is none yet" });
  const begun = new Sqlite(here.path);
  begun.pragma("journal_mode = WAL");
  begun.close();
  await expect(here.open({ readonly: true })).rejects.toMatchObject({ why: "there is none yet" });
  await put(await here.open());
  expect(await found(await here.open({ readonly: true }), "tuesday")).toHaveLength(1);
});

test("two at once see each other's memories", async () => {
  const [one, other] = [await here.open(), await here.open()];
  const ids = await Promise.all([
    put(one, { title: "a", text: "from one" }),
    put(other, { title: "b", text: "from the other" }),
  ]);
  expect(new Set(ids).size).toBe(2);
  expect(await found(one, "other")).toEqual([ids[1]]);
  expect(await found(other, "one")).toEqual([ids[0]]);
});
