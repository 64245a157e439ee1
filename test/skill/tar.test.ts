import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { untar } from "../../src/skill/tar.ts";

let directory: string;
const long = `references/${"a".repeat(90)}/${"b".repeat(90)}.md`;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "con-skill-"));
  for (const path of ["boil/SKILL.md", "boil/scripts/run.sh", "boil/.git/config", `boil/${long}`]) {
    mkdirSync(join(directory, path, ".."), { recursive: true });
    writeFileSync(join(directory, path), `text of ${path}\n`);
  }
  mkdirSync(join(directory, "bad"));
  writeFileSync(join(directory, "bad/SKILL.md"), "x");
  symlinkSync("/etc/shadow", join(directory, "bad/secret"));
});
afterAll(() => rmSync(directory, { recursive: true }));

function tar(...args: string[]): Buffer {
  const { status, stdout } = spawnSync("tar", ["-C", directory, "-cf", "-", ...args]);
  if (status !== 0) throw new Error(`tar ended with ${status}`);
  return stdout;
}

test.each(["--format=gnu", "--format=pax", "--format=ustar"])(
  "reads what tar %s makes",
  (format) => {
    const found = untar(tar(format, "boil"));
    if (!found.ok) throw new Error(found.why);
    expect(found.folder).toBe("boil");
    expect([...found.files.keys()].sort()).toEqual(["SKILL.md", long, "scripts/run.sh"]);
    expect(Buffer.from(found.files.get(long) ?? []).toString()).toBe(`text of boil/${long}\n`);
  },
);

test("reads one without a folder around it", () => {
  const found = untar(tar("--transform=s,^boil,.,", "boil/SKILL.md", "boil/scripts"));
  if (!found.ok) throw new Error(found.why);
  expect(found.folder).toBeNull();
  expect([...found.files.keys()].sort()).toEqual(["SKILL.md", "scripts/run.sh"]);
});

test.each([
  ["a link", () => tar("bad"), "bad/secret is a link or a device"],
  ["a way out", () => tar("-P", "--transform=s,^boil/SKILL,../x,", "boil/SKILL.md"), "leads out"],
  ["an absolute path", () => tar("-P", "--transform=s,^boil,/etc,", "boil/SKILL.md"), "leads out"],
  [
    "the same path twice",
    () => tar("--hard-dereference", "boil/SKILL.md", "boil/SKILL.md"),
    "twice",
  ],
  ["a cut", () => tar("boil").subarray(0, 700), "cut off"],
  ["nothing", () => Buffer.alloc(1024), "no file"],
  ["no archive", () => Buffer.from("PK\u0003\u0004".padEnd(600, "x")), "no tar archive"],
])("refuses %s", (_, make, why) => {
  const found = untar(make());
  expect(found.ok ? "taken" : found.why).toContain(why);
});

test("refuses a header whose sum is wrong", () => {
  const bytes = Buffer.from(tar("boil"));
  bytes[0] = 0x7a;
  expect(untar(bytes)).toEqual({ ok: false, why: "it is no tar archive" });
});
