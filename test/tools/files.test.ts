import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { editFile } from "../../src/tools/edit-file.ts";
import { matchesGlob } from "../../src/tools/files/glob.ts";
import { permits } from "../../src/tools/files/reach.ts";
import { listFiles } from "../../src/tools/list-files.ts";
import { readFile } from "../../src/tools/read-file.ts";
import { writeFile } from "../../src/tools/write-file.ts";
import { createWorld, secret, type World } from "./support/world.ts";

/** Real processes on a machine that may be busy; the limit only ends a test that hangs. */
vi.setConfig({ testTimeout: 60_000 });

let world: World;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => world.remove());

const state = () => path.join(world.base, "state");
const journal = () => path.join(state(), "journal.jsonl");
const at = (name: string) => path.join(world.workspace, name);
const contentOf = (name: string) => fs.readFileSync(at(name), "utf8");

describe("read_file", () => {
  const read = (args: Record<string, unknown>) => world.run(readFile, args);

  it("reads relative and absolute paths", async () => {
    const file = world.write("notes/a.txt", "one\ntwo\n");
    expect(await read({ path: "notes/a.txt" })).toEqual({ ok: true, text: "one\ntwo\n" });
    expect((await read({ path: file })).text).toBe("one\ntwo\n");
  });

  it("reads a part, and says where to go on", async () => {
    world.write("long", Array.from({ length: 1000 }, (_, n) => `line ${n + 1}\n`).join(""));
    const part = await read({ path: "long", offset: 10, limit: 2 });
    expect(part.text).toMatch(/^line 10\nline 11\n\[\d+ bytes in all; go on with offset 12\]$/);
    expect((await read({ path: "long", offset: 999 })).text).toBe("line 999\nline 1000\n");
    expect(await read({ path: "long", offset: 2000 })).toMatchObject({ ok: false });
  });

  it("stops within a line that is longer than a reply", async () => {
    world.write("wide", "x".repeat(100_000));
    const result = await read({ path: "wide" });
    expect(result.text.length).toBeLessThan(25_000);
    expect(result.text).toContain("cut -c");
  });

  it("shows an empty file, and a file without a last newline", async () => {
    world.write("empty", "");
    world.write("bare", "a\nb");
    expect(await read({ path: "empty" })).toEqual({ ok: true, text: "(the file is empty)" });
    expect((await read({ path: "bare" })).text).toBe("a\nb");
  });

  it("says what cannot be read", async () => {
    world.write("binary", Buffer.from([1, 0, 2]));
    fs.mkdirSync(at("folder"));
    expect((await read({ path: "binary" })).text).toContain("binary (3 bytes)");
    expect((await read({ path: "folder" })).text).toContain("use list_files");
    expect((await read({ path: "absent" })).text).toContain("does not exist");
    expect((await read({ path: "a\0b" })).ok).toBe(false);
  });

  it("shows control characters and broken UTF-8 without harm", async () => {
    world.write("odd", Buffer.from("a\u001b[31mred\xff\u202eb", "latin1"));
    const { text } = await read({ path: "odd" });
    expect(text).toContain("a\\x1b[31mred\ufffd");
  });

  it("does not wait for a FIFO and does not open a device", async () => {
    spawnSync("mkfifo", [at("pipe")]);
    fs.symlinkSync("/dev/zero", at("zero"));
    expect((await read({ path: "pipe" })).text).toContain("not a regular file");
    expect((await read({ path: "zero" })).ok).toBe(false);
  });
});

describe("paths out of the workspace", () => {
  const escapes = (): Record<string, string> => {
    fs.symlinkSync(journal(), at("link"));
    fs.symlinkSync(state(), at("folder-link"));
    fs.symlinkSync(world.base, at("up"));
    return {
      "a link to the file": "link",
      "a link to the folder": "folder-link/journal.jsonl",
      "two links": "up/workspace/folder-link/journal.jsonl",
      dots: "../state/journal.jsonl",
      "the absolute path": journal(),
      "a process": "/proc/self/root/etc/passwd",
      "a system file": "/etc/passwd",
    };
  };

  it("are refused by every tool, and nothing is touched", async () => {
    for (const [name, target] of Object.entries(escapes())) {
      const before = fs.statSync(journal());
      const results = [
        await world.run(readFile, { path: target }),
        await world.run(writeFile, { path: target, content: "evil" }),
        await world.run(writeFile, { path: target, content: "evil", append: true }),
        await world.run(editFile, { path: target, old_string: "secret", new_string: "evil" }),
        await world.run(listFiles, { path: path.dirname(path.resolve(world.workspace, target)) }),
      ];
      const shown = name.startsWith("a link to the file") ? results.slice(0, 4) : results;
      for (const result of shown) {
        expect(result.ok, `${name}: ${result.text}`).toBe(false);
        expect(result.text).not.toContain(secret);
      }
      expect(fs.statSync(journal()).mtimeMs).toBe(before.mtimeMs);
    }
    expect(fs.readFileSync(journal(), "utf8")).toBe(secret);
    expect(fs.readdirSync(state())).toEqual(["journal.jsonl"]);
  });

  it("are not created below a linked folder", async () => {
    fs.symlinkSync(state(), at("folder-link"));
    const result = await world.run(writeFile, { path: "folder-link/new/deep/x", content: "evil" });
    expect(result.ok).toBe(false);
    expect(fs.readdirSync(state())).toEqual(["journal.jsonl"]);
  });

  it("stay closed while another process swaps a folder for a link all the time", async () => {
    world.write("swap/journal.jsonl", "mine");
    const swapping = `cd ${world.workspace}; while :; do mv swap real; ln -s ../state swap; rm swap; mv real swap; done`;
    const child = spawn("/bin/bash", ["-c", swapping], { stdio: "ignore" });
    try {
      for (let round = 0; round < 400; round += 1) {
        const read = await world.run(readFile, { path: "swap/journal.jsonl" });
        expect(read.text).not.toContain(secret);
        await world.run(writeFile, { path: "swap/journal.jsonl", content: "mine" });
        await world.run(writeFile, { path: "swap/new/file", content: "evil" });
      }
    } finally {
      child.kill("SIGKILL");
      await new Promise((resolve) => child.once("close", resolve));
    }
    expect(fs.readFileSync(journal(), "utf8")).toBe(secret);
    expect(fs.readdirSync(state())).toEqual(["journal.jsonl"]);
  });

  it("a grant above does not open what is denied below", () => {
    const reach = {
      roots: ["/srv/con", "/srv/con/agents/a/workspace"],
      denied: ["/srv/con/agents/a"],
    };
    expect(permits(reach, "/srv/con/artifacts/x")).toBe(true);
    expect(permits(reach, "/srv/con/agents/a/state/journal")).toBe(false);
    expect(permits(reach, "/srv/con/agents/a/workspace/x")).toBe(true);
    expect(permits(reach, "/srv/con/agents/ab")).toBe(true);
    expect(permits(reach, "/srv/conx")).toBe(false);
    expect(permits({ roots: ["/proc"], denied: ["/proc"] }, "/proc/1/mem")).toBe(false);
  });

  it("may be read where they are granted, but not written", async () => {
    const granted = path.join(world.base, "granted");
    fs.writeFileSync(path.join(granted, "a"), "shared");
    expect((await world.run(readFile, { path: `${granted}/a` })).text).toBe("shared");
    expect((await world.run(writeFile, { path: `${granted}/a`, content: "x" })).ok).toBe(false);
    expect(fs.readdirSync(granted)).toEqual(["a"]);
  });
});

describe("write_file", () => {
  const write = (args: Record<string, unknown>) => world.run(writeFile, args);

  it("creates folders, replaces, appends", async () => {
    expect((await write({ path: "a/b/c", content: "1\n" })).text).toContain("created");
    expect((await write({ path: "a/b/c", content: "2\n" })).text).toContain("replaced");
    await write({ path: "a/b/c", content: "3\n", append: true });
    expect(contentOf("a/b/c")).toBe("2\n3\n");
    expect(fs.readdirSync(at("a/b"))).toEqual(["c"]);
  });

  it("keeps the mode of the file that it replaces", async () => {
    fs.chmodSync(world.write("run.sh", "old"), 0o755);
    await write({ path: "run.sh", content: "new" });
    expect(fs.statSync(at("run.sh")).mode & 0o777).toBe(0o755);
  });

  it("does not write into another name of the same file", async () => {
    const outside = path.join(world.base, "granted", "original");
    fs.writeFileSync(outside, "original");
    fs.linkSync(outside, at("hard"));
    await write({ path: "hard", content: "changed" });
    expect(fs.readFileSync(outside, "utf8")).toBe("original");
  });

  it("refuses what is no regular file", async () => {
    spawnSync("mkfifo", [at("pipe")]);
    world.write("target", "untouched");
    fs.symlinkSync("target", at("link"));
    for (const name of ["pipe", "link", "."])
      expect((await write({ path: name, content: "x" })).ok, name).toBe(false);
    expect(contentOf("target")).toBe("untouched");
    expect(fs.readdirSync(world.workspace).sort()).toEqual(["link", "pipe", "target"]);
  });
});

describe("edit_file", () => {
  const edit = (args: Record<string, unknown>) => world.run(editFile, { path: "f", ...args });

  it("replaces one exact place and leaves other bytes alone", async () => {
    world.write("f", Buffer.from([255, ...Buffer.from("a $& b\r\n"), 254]));
    expect((await edit({ old_string: "$&", new_string: "$1" })).ok).toBe(true);
    expect(fs.readFileSync(at("f"))).toEqual(Buffer.from([255, ...Buffer.from("a $1 b\r\n"), 254]));
  });

  it("changes nothing when the place is missing or not unique", async () => {
    world.write("f", "x x");
    expect((await edit({ old_string: "y", new_string: "z" })).text).toContain("does not occur");
    expect((await edit({ old_string: "x", new_string: "z" })).text).toContain("occurs 2 times");
    expect(contentOf("f")).toBe("x x");
    expect((await edit({ old_string: "x", new_string: "xx", replace_all: true })).ok).toBe(true);
    expect(contentOf("f")).toBe("xx xx");
  });

  it("does not create a file", async () => {
    expect((await edit({ old_string: "x", new_string: "z" })).text).toContain("write_file");
    expect(fs.existsSync(at("f"))).toBe(false);
  });
});

describe("list_files", () => {
  const list = async (args: Record<string, unknown>) => (await world.run(listFiles, args)).text;

  it("lists names, sizes and kinds, sorted", async () => {
    world.write("b.txt", "123");
    world.write("a/inner", "");
    fs.symlinkSync("/etc/passwd", at("c"));
    expect(await list({})).toBe("a/\nb.txt (3 bytes)\nc (link)");
    expect(await list({ path: "a" })).toBe("inner (0 bytes)");
  });

  it("finds by pattern in all folders, and follows no link", async () => {
    world.write("src/deep/one.ts", "");
    world.write("src/two.ts", "");
    world.write(".git/three.ts", "");
    fs.symlinkSync("..", at("src/loop"));
    expect(await list({ glob: "*.ts" })).toBe("src/deep/one.ts (0 bytes)\nsrc/two.ts (0 bytes)");
    expect(await list({ glob: "src/*.ts" })).toBe("src/two.ts (0 bytes)");
    expect(await list({ glob: "*.md" })).toBe("(nothing matches)");
  });

  it("cuts a long list and says so", async () => {
    for (let n = 0; n < 510; n += 1) world.write(`many/${n}`, "");
    expect(await list({ path: "many" })).toContain("[cut: more than 500 entries]");
    expect(await list({ glob: "*" })).toContain("[cut:");
  });

  it("shows odd names on one line", async () => {
    world.write("a\nb\u001b", "");
    expect(await list({})).toBe("a\\nb\\x1b (0 bytes)");
  });
});

describe("glob patterns", () => {
  it.each([
    ["*.ts", "a/b.ts", true],
    ["*.ts", "a/b.tsx", false],
    ["src/**/*.ts", "src/a/b/c.ts", true],
    ["src/**/*.ts", "src/c.ts", true],
    ["src/*.ts", "src/a/c.ts", false],
    ["a?c", "abc", true],
    ["**", "a/b", true],
    ["a/**", "a", true],
    ["[ab]", "a", false],
  ])("%s against %s", (pattern, name, wanted) => {
    expect(matchesGlob(pattern, name)).toBe(wanted);
  });

  it("ends soon for patterns that make a regular expression run for ever", () => {
    expect(matchesGlob(`${"*a".repeat(100)}b`, "a".repeat(250))).toBe(false);
  });
});
