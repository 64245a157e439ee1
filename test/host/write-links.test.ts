import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openAcl } from "../../src/host/acl.ts";
import { fullAcl, type NamedEntry } from "../../src/host/acl-entries.ts";
import { spread } from "../../src/host/deep.ts";
import type { DirectoryFact, FifoFact, FileFact, LinkFact } from "../../src/host/facts.ts";
import { observePaths } from "../../src/host/observe.ts";
import { withWalk } from "../../src/host/walk.ts";
import { makePath } from "../../src/host/write.ts";

const acls = openAcl();
const reader: NamedEntry = { tag: "user", id: 20_001, perms: 7 };
const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;
let top = "";
let outside = "";
let shared = "";

/** `shared/projects` is a link to `outside`, which holds what nobody may touch. */
beforeEach(() => {
  top = fs.mkdtempSync(join(tmpdir(), "con-walk-"));
  outside = join(top, "outside");
  shared = join(top, "shared");
  fs.mkdirSync(join(outside, "agent/state"), { recursive: true, mode: 0o700 });
  fs.writeFileSync(join(outside, "agent/file"), "before", { mode: 0o600 });
  fs.mkdirSync(shared);
  fs.symlinkSync(outside, join(shared, "projects"));
});
afterEach(() => fs.rmSync(top, { recursive: true }));

const directory = (path: string): DirectoryFact => ({
  kind: "directory",
  path,
  uid,
  gid,
  mode: 0o750,
  named: [reader],
  inherit: { mode: 0o750, named: [reader] },
  deep: true,
});
const file = (path: string): FileFact => ({
  kind: "file",
  path,
  uid,
  gid,
  mode: 0o644,
  content: "after!",
});
const link = (path: string): LinkFact => ({ kind: "link", path, target: "/etc" });
const fifo = (path: string): FifoFact => ({ kind: "fifo", path, mode: 0o600, named: [reader] });

/** Names, modes, ACLs and contents of all below. */
function picture(path: string): unknown[] {
  const names = [".", ...fs.readdirSync(path, { recursive: true, encoding: "utf8" })].sort();
  return names.map((name) => {
    const at = join(path, name);
    const stat = fs.lstatSync(at);
    const inherit = stat.isDirectory() ? acls.get(at, "default") : [];
    const content = stat.isFile() ? fs.readFileSync(at, "utf8") : null;
    const { ino, mode, ctimeMs } = stat;
    return { name, ino, mode, ctimeMs, access: acls.get(at, "access"), inherit, content };
  });
}

test.each([
  ["a directory that is there", () => directory(join(shared, "projects/agent"))],
  ["a directory that is not there", () => directory(join(shared, "projects/new/deeper"))],
  ["a file that is there", () => file(join(shared, "projects/agent/file"))],
  ["a file that is not there", () => file(join(shared, "projects/new/file"))],
  ["a link", () => link(join(shared, "projects/agent/file"))],
  ["a FIFO", () => fifo(join(shared, "projects/agent/file"))],
])("behind a link on the way nothing is touched: %s", (_name, make) => {
  const before = picture(outside);
  expect(makePath(make(), acls)).toBe(
    `ELOOP: ${join(shared, "projects")} is a symbolic link, which is not followed`,
  );
  expect(picture(outside)).toEqual(before);
});

test("a grant is not spread behind a link on the way, and that is reported", () => {
  const before = picture(outside);
  const path = join(shared, "projects/agent");
  expect(spread(directory(path), new Set(), acls)).toEqual([`${path}: ELOOP`]);
  expect(picture(outside)).toEqual(before);
});

test("what lies behind a link on the way is seen as that, not as what is there", () => {
  const behind = join(shared, "projects/agent/state");
  const planted = join(shared, "projects");
  const seen = observePaths([directory(planted), directory(behind), file(`${behind}/x`)], acls);
  expect([planted, behind, `${behind}/x`].map((path) => seen.get(path)?.type)).toEqual([
    "link",
    "path behind a link",
    "path behind a link",
  ]);
});

test("what is really there is seen, and neighbours do not get mixed up", () => {
  const paths = ["a/b/c", "a/b", "a/d/c", "a", "e/b/c", "a/b/x"].map((name) => join(shared, name));
  for (const path of paths.slice(0, 5)) expect(makePath(directory(path), acls)).toBeNull();
  fs.chmodSync(join(shared, "a/d/c"), 0o700);
  fs.writeFileSync(join(shared, "file"), "");
  const facts = [...paths, join(shared, "file/below")].map(directory);
  const seen = observePaths(facts, acls);
  expect(facts.map(({ path }) => seen.get(path)?.mode.toString(8))).toEqual([
    "770",
    "770",
    "700",
    "770",
    "770",
    undefined,
    undefined,
  ]);
});

test("files, links and folders around them are made where nothing is in the way", () => {
  expect(makePath(file(join(shared, "new/folder/file")), acls)).toBeNull();
  expect(fs.readFileSync(join(shared, "new/folder/file"), "utf8")).toBe("after!");
  fs.mkdirSync(join(shared, "new/folder/link/full"), { recursive: true });
  expect(makePath(link(join(shared, "new/folder/link")), acls)).toBeNull();
  expect(fs.readdirSync(join(shared, "new/folder")).sort()).toEqual(["file", "link"]);
  expect(fs.readlinkSync(join(shared, "new/folder/link"))).toBe("/etc");
  expect(acls.get(join(shared, "new"), "access")).toEqual(fullAcl(0o755, []));
});

test("a plain file on the way is named", () => {
  fs.writeFileSync(join(shared, "file"), "");
  expect(makePath(directory(join(shared, "file/below")), acls)).toBe(
    `ENOTDIR: ${join(shared, "file")} is no directory`,
  );
});

test("a path with .. is refused", () => {
  expect(makePath(directory(`${shared}/a/../b`), acls)).toMatch(/^EINVAL/);
});

test.skipIf(!fs.lstatSync("/bin").isSymbolicLink())(
  "a link of root's among directories of root's is followed",
  () => {
    const inode = withWalk("refuse", ({ entry }) => fs.statSync(entry("/bin/sh")).ino);
    expect(inode).toBe(fs.statSync("/bin/sh").ino);
  },
);

test("no descriptor stays open", () => {
  const open = () => fs.readdirSync("/proc/self/fd").length;
  const before = open();
  makePath(directory(join(shared, "a/b/c")), acls);
  makePath(directory(join(shared, "projects/agent")), acls);
  observePaths([directory(join(shared, "projects/agent")), directory(join(shared, "a/b"))], acls);
  expect(open()).toBe(before);
});
