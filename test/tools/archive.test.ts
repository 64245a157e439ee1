import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { deleteFile } from "../../src/tools/delete-file.ts";
import { editFile } from "../../src/tools/edit-file.ts";
import { fileVersions } from "../../src/tools/file-versions.ts";
import { overBounds, type Version } from "../../src/tools/files/versions.ts";
import { restoreFile } from "../../src/tools/restore-file.ts";
import type { Tool, ToolContext } from "../../src/tools/tool.ts";
import { writeFile } from "../../src/tools/write-file.ts";
import { createWorld, secret, type World } from "./support/world.ts";

let world: World;
let context: ToolContext;
let clock = 0;

beforeEach(() => {
  world = createWorld();
  fs.mkdirSync(path.join(world.base, "archive"));
  context = {
    ...world.context,
    now: () => {
      clock += 1000;
      return clock;
    },
    files: {
      ...world.context.files,
      archive: {
        directory: path.join(world.base, "archive"),
        ...{ versionBytes: 1000, versionsPerFile: 3, totalBytes: 5000 },
      },
    },
  };
});
afterEach(() => world.remove());

const use = async (tool: Tool, args: object): Promise<string> => {
  const { ok, text } = await tool.run(args as Record<string, unknown>, context);
  return ok ? text : `REFUSED ${text}`;
};
const write = (content: string, file = "a.txt") => use(writeFile, { path: file, content });
const read = (file = "a.txt") => fs.readFileSync(path.join(world.workspace, file), "utf8");
const archived = () => fs.readdirSync(path.join(world.base, "archive", "versions"));
const versions = async (file = "a.txt") =>
  (await use(fileVersions, { path: file })).split("\n").map((line) => line.split(" ")[0] ?? "");

describe("versions of a file", () => {
  it("are kept when it is written over or edited, each content once, the latest three", async () => {
    await write("one");
    expect(await use(fileVersions, {})).toBe("nothing is kept");
    await write("two");
    await write("two");
    await write("two");
    expect(archived()).toHaveLength(2);
    await use(editFile, { path: "a.txt", old_string: "two", new_string: "three" });
    await write("four");
    await write("five");
    expect(archived()).toHaveLength(3);
    const [newest, , oldest] = await versions();
    expect(await use(restoreFile, { path: "a.txt" })).toContain("restored");
    expect(read()).toBe("four");
    expect(newest).not.toBe(oldest);
    expect(await use(restoreFile, { path: "a.txt", version: oldest })).toContain(
      "REFUSED there is no",
    );
    // What a restore takes the place of is a version as well.
    expect(await use(restoreFile, { path: "a.txt" })).toContain("restored");
    expect(read()).toBe("five");
  });

  it("of a file with another name of the same letters are others", async () => {
    for (const file of ["кот.txt", "пёс.txt", "a-b/c", "a/b-c"]) {
      await write("old", file);
      await write("new", file);
      expect(await versions(file), file).toHaveLength(1);
    }
  });

  it("keep the mode, and are not made of what is too large", async () => {
    const file = world.write("run.sh", "old");
    // With the mark of what was fetched.
    fs.chmodSync(file, 0o1750);
    await write("new", "run.sh");
    fs.chmodSync(file, 0o600);
    await use(restoreFile, { path: "run.sh" });
    expect([read("run.sh"), fs.statSync(file).mode & 0o7777]).toEqual(["old", 0o1750]);
    world.write("big", "x".repeat(1001));
    expect(await write("small", "big")).toContain("was too large to be kept");
    expect(await versions("big")).toEqual(["nothing"]);
  });
});

describe("deleting", () => {
  it("takes a file away and brings it back, whatever its name", async () => {
    const name = `${"ж".repeat(120)}.txt`;
    world.write(name, "text");
    expect(await use(deleteFile, { path: name })).toContain("deleted");
    expect(fs.existsSync(path.join(world.workspace, name))).toBe(false);
    expect(await use(fileVersions, {})).toContain(name);
    expect(await use(restoreFile, { path: name, to: "b.txt" })).toContain("restored");
    expect(read("b.txt")).toBe("text");
  });

  it("takes a folder with all in it, and gives it back only where nothing is", async () => {
    world.write("d/e/f.txt", "text");
    fs.symlinkSync("/etc/passwd", path.join(world.workspace, "d", "link"));
    expect(await use(deleteFile, { path: "d" })).toContain("deleted");
    world.write("d", "in the way");
    expect(await use(restoreFile, { path: "d" })).toContain("REFUSED");
    expect(await use(restoreFile, { path: "d", to: "d2" })).toContain("restored");
    expect(read("d2/e/f.txt")).toBe("text");
    expect(await use(restoreFile, { path: "d" })).toContain("REFUSED there is no version");
  });

  it("reaches nothing that writing does not, and no link", async () => {
    fs.symlinkSync(path.join(world.base, "state"), path.join(world.workspace, "to-state"));
    fs.symlinkSync("a", path.join(world.workspace, "link"));
    const granted = path.join(world.base, "granted", "g");
    fs.writeFileSync(granted, "");
    const state = path.join(world.base, "state", "journal.jsonl");
    const refused = ["to-state/journal.jsonl", "link", state, granted, ".", "gone", "../archive"];
    for (const one of [...refused, world.workspace, "/proc/self"])
      expect(await use(deleteFile, { path: one }), one).toContain("REFUSED");
    expect(fs.readFileSync(state, "utf8")).toBe(secret);
    expect(await use(restoreFile, { path: "a", to: state })).toContain("REFUSED");
    world.write("x", "mine");
    await use(deleteFile, { path: "x" });
    expect(await use(restoreFile, { path: "x", to: state })).toContain("REFUSED");
    expect(await use(restoreFile, { path: "x", to: "to-state/journal.jsonl" })).toContain(
      "REFUSED",
    );
    expect(await use(restoreFile, { path: "x", to: "link" })).toContain("REFUSED");
    expect(fs.readFileSync(state, "utf8")).toBe(secret);
  });

  it("keeps no inode that has a name elsewhere", async () => {
    const file = world.write("a.txt", "before");
    fs.linkSync(file, path.join(world.workspace, "second"));
    await use(deleteFile, { path: "a.txt" });
    fs.writeFileSync(path.join(world.workspace, "second"), "changed through the other name");
    await use(restoreFile, { path: "a.txt" });
    expect(read()).toBe("before");
  });

  it("leaves everything as it is when the archive cannot take it", async () => {
    world.write("huge", "x".repeat(6000));
    expect(await use(deleteFile, { path: "huge" })).toContain("REFUSED");
    world.write("a.txt", "text");
    const places = ["versions", "paths"].map((name) => path.join(world.base, "archive", name));
    for (const place of places) fs.rmSync(place, { recursive: true, force: true });
    for (const place of places) fs.symlinkSync(path.join(world.base, "state"), place);
    expect(await use(deleteFile, { path: "a.txt" })).toContain("REFUSED");
    expect(await write("new")).toContain("REFUSED");
    expect(read()).toBe("text");
    expect(fs.readdirSync(path.join(world.base, "state"))).toEqual(["journal.jsonl"]);
  });

  it("says so when what is written over may not be read", async () => {
    const file = world.write("a.txt", "old");
    const { openSync } = fs;
    const refused = Object.assign(new Error("no"), { code: "EACCES" });
    const spy = vi.spyOn(fs, "openSync").mockImplementation((...args) => {
      if (args[1] === (fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)) throw refused;
      return openSync(...args);
    });
    expect(await write("new")).toContain("may not be read, so it was not kept");
    spy.mockRestore();
    expect(fs.readFileSync(file, "utf8")).toBe("new");
  });

  it("lets the oldest go when all together are too many bytes", async () => {
    for (const name of ["a", "b", "c", "d", "e", "f"]) {
      world.write(name, name.repeat(900));
      await use(deleteFile, { path: name });
    }
    expect(await use(restoreFile, { path: "a" })).toContain("REFUSED there is no version");
    expect(await use(restoreFile, { path: "b" })).toContain("restored");
    expect(fs.readdirSync(path.join(world.base, "archive", "paths"))).toHaveLength(5);
  });
});

describe("the bounds", () => {
  const version = (id: number, key: string, bytes = 1): Version => ({
    ...{ id: String(id).padStart(3, "0"), key, bytes, kind: "written", mode: 0o644, digest: "-" },
  });
  const gone = (all: readonly Version[], keep: number, bounds = {}) =>
    overBounds(
      all,
      { versionsPerFile: 2, totalBytes: 10, versions: 4, ...bounds },
      String(keep).padStart(3, "0"),
    ).map(({ id }) => Number(id));

  it("count for each file, for bytes and in all, and spare the one that was just made", () => {
    expect(gone([version(1, "a"), version(2, "a"), version(3, "a")], 3)).toEqual([1]);
    expect(gone([version(1, "a", 6), version(2, "b", 6)], 2)).toEqual([1]);
    expect(gone([version(1, "a", 1), version(2, "b", 20), version(3, "c", 1)], 3)).toEqual([2, 1]);
    expect(
      gone(
        [1, 2, 3, 4, 5].map((id) => version(id, String(id))),
        5,
      ),
    ).toEqual([1]);
    // A clock that was set back.
    expect(gone([version(1, "a"), version(2, "a"), version(3, "a")], 1)).toEqual([2]);
    expect(gone([version(9, "a", 100)], 9)).toEqual([]);
  });
});
