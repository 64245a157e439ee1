import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openAcl } from "../../src/host/acl.ts";
import {
  formatAcl,
  fullAcl,
  type NamedEntry,
  parseAcl,
  sameAcl,
} from "../../src/host/acl-entries.ts";

const acls = openAcl();
let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "con-acl-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** What the distribution's own tool says, without the header. */
function getfacl(path: string, kind: "access" | "default"): string {
  const flags = ["--numeric", "--omit-header", "--absolute-names", "--no-effective", `--${kind}`];
  return execFileSync("getfacl", [...flags, path], { encoding: "utf8" });
}

const named: NamedEntry[] = [
  { tag: "user", id: 20_001, perms: 7 },
  { tag: "user", id: 20_000, perms: 1 },
  { tag: "group", id: 19_991, perms: 5 },
];

test("getfacl sees the access list that was set, entry by entry", () => {
  acls.set(directory, "access", fullAcl(0o750, named));
  const expected = "u::rwx,u:20000:--x,u:20001:rwx,g::r-x,g:19991:r-x,m::rwx,o::---";
  expect(formatAcl(parseAcl(getfacl(directory, "access")))).toBe(expected);
  expect(formatAcl(acls.get(directory, "access"))).toBe(expected);
});

test("getfacl sees the default list, and new files inherit it whatever the umask", () => {
  acls.set(directory, "default", fullAcl(0o750, named));
  expect(sameAcl(parseAcl(getfacl(directory, "default")), fullAcl(0o750, named))).toBe(true);
  const before = process.umask(0o077);
  try {
    writeFileSync(join(directory, "file"), "x");
  } finally {
    process.umask(before);
  }
  const inherited = acls.get(join(directory, "file"), "access");
  expect(inherited).toContainEqual({ tag: "user", id: 20_001, perms: 7 });
  expect(inherited).toContainEqual({ tag: "mask", id: null, perms: 6 });
});

test("the getter sees what setfacl set", () => {
  execFileSync("setfacl", ["-m", "u:4242:r-x,g:4243:-w-", directory]);
  expect(acls.get(directory, "access")).toEqual(parseAcl(getfacl(directory, "access")));
  expect(acls.get(directory, "default")).toEqual([]);
});

test("a list without named entries is the mode, and leaves no attribute behind", () => {
  acls.set(directory, "access", fullAcl(0o750, named));
  acls.set(directory, "access", fullAcl(0o711, []));
  expect(statSync(directory).mode & 0o777).toBe(0o711);
  expect(getfacl(directory, "access")).not.toContain("mask");
});

test("an empty default list removes the default list", () => {
  acls.set(directory, "default", fullAcl(0o750, named));
  acls.set(directory, "default", []);
  expect(getfacl(directory, "default").trim()).toBe("");
});

test("errors carry the errno like those of node:fs", () => {
  const missing = join(directory, "missing");
  expect(() => acls.get(missing, "access")).toThrow(expect.objectContaining({ code: "ENOENT" }));
  expect(() => acls.set("/proc/self/status", "access", fullAcl(0o700, []))).toThrow(
    expect.objectContaining({ code: "ENOTSUP" }),
  );
});

test("text and entries say the same", () => {
  const entry = fc.record({
    tag: fc.constantFrom("user" as const, "group" as const),
    id: fc.nat(60_000),
    perms: fc.nat(7),
  });
  const unique = fc.uniqueArray(entry, { selector: ({ tag, id }) => `${tag}${id}` });
  fc.assert(
    fc.property(fc.nat(0o777), unique, (mode, list) => {
      const acl = fullAcl(mode, list);
      expect(parseAcl(formatAcl(acl))).toEqual(acl);
    }),
  );
  expect(() => parseAcl("u:root:rwx")).toThrow(SyntaxError);
});
