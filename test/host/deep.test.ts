import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openAcl } from "../../src/host/acl.ts";
import { fullAcl, type NamedEntry } from "../../src/host/acl-entries.ts";
import { spread } from "../../src/host/deep.ts";
import type { DirectoryFact } from "../../src/host/facts.ts";
import { makePath } from "../../src/host/write.ts";

const acls = openAcl();
const reader: NamedEntry = { tag: "user", id: 20_001, perms: 5 };
let top = "";
beforeEach(() => {
  top = fs.mkdtempSync(join(tmpdir(), "con-deep-"));
});
afterEach(() => fs.rmSync(top, { recursive: true }));

const fact = (path: string): DirectoryFact => ({
  kind: "directory",
  path,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  mode: 0o750,
  named: [reader],
  inherit: { mode: 0o750, named: [reader] },
  deep: true,
});

const may = (path: string): number | undefined =>
  acls.get(path, "access").find(({ id }) => id === reader.id)?.perms;

test("what lay below before the grant is granted too, without execute on plain files", () => {
  const tree = join(top, "tree");
  fs.mkdirSync(join(tree, "a/b"), { recursive: true });
  fs.writeFileSync(join(tree, "a/b/file"), "x", { mode: 0o600 });
  fs.writeFileSync(join(tree, "a/tool"), "x", { mode: 0o700 });
  expect(makePath(fact(tree), acls)).toBeNull();
  expect(spread(fact(tree), new Set(), acls)).toEqual([]);
  expect(["a", "a/b", "a/b/file", "a/tool"].map((path) => may(join(tree, path)))).toEqual([
    5, 5, 4, 5,
  ]);
});

test("links, files with a second name, and managed directories are left alone", () => {
  const tree = join(top, "tree");
  const outside = join(top, "outside");
  fs.mkdirSync(join(tree, "managed"), { recursive: true });
  fs.mkdirSync(outside);
  fs.writeFileSync(join(outside, "secret"), "x", { mode: 0o600 });
  fs.symlinkSync(outside, join(tree, "link"));
  fs.symlinkSync(join(outside, "secret"), join(tree, "file-link"));
  fs.linkSync(join(outside, "secret"), join(tree, "hard"));
  expect(spread(fact(tree), new Set([join(tree, "managed")]), acls)).toEqual([]);
  expect([outside, join(outside, "secret"), join(tree, "managed")].map(may)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("a file with a second name gets no entry, and loses those that nobody is to have", () => {
  const tree = join(top, "tree");
  fs.mkdirSync(join(tree, "a"), { recursive: true });
  fs.writeFileSync(join(tree, "a/f"), "x", { mode: 0o600 });
  spread(fact(tree), new Set(), acls);
  expect(may(join(tree, "a/f"))).toBe(4);
  fs.linkSync(join(tree, "a/f"), join(top, "second-name"));
  spread(fact(tree), new Set(), acls);
  expect(may(join(tree, "a/f"))).toBe(4);
  spread({ ...fact(tree), named: [], inherit: { mode: 0o750, named: [] } }, new Set(), acls);
  expect(may(join(tree, "a/f"))).toBeUndefined();
  expect(may(join(top, "second-name"))).toBeUndefined();
});

test("a grant that is taken back disappears below", () => {
  const tree = join(top, "tree");
  fs.mkdirSync(join(tree, "a"), { recursive: true });
  spread(fact(tree), new Set(), acls);
  const empty = { ...fact(tree), named: [], inherit: { mode: 0o750, named: [] } };
  spread(empty, new Set(), acls);
  expect(may(join(tree, "a"))).toBeUndefined();
});

test("a link in the place of a directory is refused, and where it points is not touched", () => {
  const outside = join(top, "outside");
  fs.mkdirSync(outside, { mode: 0o700 });
  fs.symlinkSync(outside, join(top, "tree"));
  expect(makePath(fact(join(top, "tree")), acls)).toMatch(/ENOTDIR|ELOOP/);
  expect(acls.get(outside, "access")).toEqual(fullAcl(0o700, []));
});
