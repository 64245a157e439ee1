import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openAcl } from "../../src/host/acl.ts";
import { makePaths } from "../../src/host/apply.ts";
import type { DirectoryFact } from "../../src/host/facts.ts";
import { withWalk } from "../../src/host/walk.ts";

const acls = openAcl();
let top = "";
beforeEach(() => {
  top = fs.mkdtempSync(join(tmpdir(), "con-apply-"));
});
afterEach(() => fs.rmSync(top, { recursive: true }));

const directory = (path: string): DirectoryFact => ({
  kind: "directory",
  path,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  mode: 0o750,
  named: [],
  inherit: { mode: 0o750, named: [] },
  deep: true,
});

test("below a directory that failed nothing is made, and that is said once", () => {
  fs.mkdirSync(join(top, "outside"), { mode: 0o700 });
  fs.symlinkSync("outside", join(top, "projects"));
  const facts = ["projects", "projects/a", "projects/a/b", "projects-2"].map((name) =>
    directory(join(top, name)),
  );
  const projects = join(top, "projects");
  expect(withWalk("make", (walk) => makePaths(facts, facts, walk, acls))).toEqual([
    { what: projects, why: expect.stringMatching(/^(ENOTDIR|ELOOP): .*projects'$/), agent: null },
    {
      what: join(projects, "a"),
      why: `left out with all else below ${projects}, which could not be made`,
      agent: null,
    },
  ]);
  expect(fs.readdirSync(join(top, "outside"))).toEqual([]);
  expect(fs.statSync(join(top, "outside")).mode & 0o777).toBe(0o700);
  expect(fs.existsSync(join(top, "projects-2"))).toBe(true);
});
