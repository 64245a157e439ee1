/** Files of one user that go to another: only those, all of those, and never through a link. Needs root. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { handOver } from "../../../src/host/children/hand-over.ts";

const from = { uid: 60_601, gid: 60_601 };
const to = { uid: 20_001, gid: 20_001 };

let top = "";
let tree = "";
beforeEach(() => {
  top = fs.mkdtempSync(join(tmpdir(), "con-hand-"));
  tree = join(top, "tree");
  fs.mkdirSync(tree);
});
afterEach(() => fs.rmSync(top, { recursive: true }));

const make = (path: string, { uid, gid } = from): string => {
  fs.writeFileSync(path, "x");
  fs.chownSync(path, uid, gid);
  return path;
};
const ownerOf = (path: string): string => {
  const { uid, gid } = fs.lstatSync(path);
  return `${uid}:${gid}`;
};

describe.runIf(process.getuid?.() === 0)("what one user owns", () => {
  test("goes over, folders and names that are no text included; the rest stays", () => {
    const folder = join(tree, "folder");
    fs.mkdirSync(folder);
    fs.chownSync(folder, from.uid, from.gid);
    const inside = make(join(folder, "file"));
    const foreign = make(join(folder, "foreign"), { uid: 20_009, gid: 20_009 });
    const group = make(join(tree, "group"), { uid: 20_009, gid: from.gid });
    const odd = Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0xff, 0xfe])]);
    fs.writeFileSync(odd, "x");
    fs.chownSync(odd, from.uid, from.gid);
    expect(handOver(tree, from, to)).toEqual([]);
    expect([folder, inside, foreign, group].map(ownerOf)).toEqual([
      "20001:20001",
      "20001:20001",
      "20009:20009",
      "20009:20001",
    ]);
    expect(fs.lstatSync(odd).uid).toBe(to.uid);
  });

  test("is the link itself, and never what it points to", () => {
    const outside = make(join(top, "outside"));
    const folder = join(top, "elsewhere");
    fs.mkdirSync(folder);
    const below = make(join(folder, "below"));
    for (const [name, target] of [
      ["file", outside],
      ["folder", folder],
    ] as const) {
      fs.symlinkSync(target, join(tree, name));
      fs.lchownSync(join(tree, name), from.uid, from.gid);
    }
    expect(handOver(tree, from, to)).toEqual([]);
    expect([join(tree, "file"), join(tree, "folder")].map(ownerOf)).toEqual([
      "20001:20001",
      "20001:20001",
    ]);
    expect([outside, below].map(ownerOf)).toEqual(["60601:60601", "60601:60601"]);
  });

  test("may be a FIFO that nobody reads", () => {
    execFileSync("mkfifo", [join(tree, "pipe")]);
    fs.chownSync(join(tree, "pipe"), from.uid, from.gid);
    expect(handOver(tree, from, to)).toEqual([]);
    expect(ownerOf(join(tree, "pipe"))).toBe("20001:20001");
  });

  test("may lie deeper than any path can name", () => {
    const name = "d".repeat(200);
    const script = `const [, top, name] = process.argv;
process.chdir(top);
for (let level = 0; level < 60; level += 1) {
  fs.mkdirSync(name); fs.chownSync(name, ${from.uid}, ${from.gid}); process.chdir(name);
}`;
    execFileSync(process.execPath, ["-e", script, tree, name]);
    expect(handOver(tree, from, to)).toEqual([]);
    const found = execFileSync("find", [tree, "-uid", String(from.uid)]).toString();
    expect(found).toBe("");
    execFileSync("rm", ["-rf", tree]);
    fs.mkdirSync(tree);
  });

  test("may lie as deep as somebody likes: nobody keeps it by that", () => {
    const script = `const [, top] = process.argv;
process.chdir(top);
for (let level = 0; level < 5000; level += 1) {
  fs.mkdirSync("d"); process.chdir("d");
  if (level % 500 > 0) continue;
  for (const name of ["a", "z"]) { fs.mkdirSync(name); fs.chownSync(name, ${from.uid}, ${from.gid}); }
}`;
    execFileSync(process.execPath, ["-e", script, tree]);
    const before = fs.readdirSync("/proc/self/fd").length;
    expect(handOver(tree, from, to)).toEqual([]);
    expect(fs.readdirSync("/proc/self/fd").length).toBe(before);
    expect(execFileSync("find", [tree, "-uid", String(from.uid)]).toString()).toBe("");
    execFileSync("rm", ["-rf", tree]);
    fs.mkdirSync(tree);
  });

  test("is not what lies behind a link in place of the folder, and a folder that is gone is fine", () => {
    const outside = make(join(top, "outside"));
    fs.rmdirSync(tree);
    fs.symlinkSync(top, tree);
    expect(handOver(tree, from, to)).toEqual([]);
    expect(ownerOf(outside)).toBe("60601:60601");
    expect(handOver(join(top, "nowhere"), from, to)).toEqual([]);
  });

  test("is taken from nobody else when nothing is found", () => {
    const foreign = make(join(tree, "foreign"), { uid: 20_009, gid: 20_009 });
    expect(handOver(tree, from, to)).toEqual([]);
    expect(ownerOf(foreign)).toBe("20009:20009");
  });
});
