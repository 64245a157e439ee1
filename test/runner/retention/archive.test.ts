/** What upkeep takes out of an agent's archive: by the age that a version's name says, and nothing else. */
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sweepArchive } from "../../../src/runner/retention/archive.ts";
import { keyOf, nameOf, stampOf, type VersionKind } from "../../../src/tools/files/versions.ts";

const day = 86_400_000;
const now = Date.parse("2027-06-01T00:00:00Z");
let directory = "";

beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), "con-archive-"));
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

const bounds = { versionBytes: 1000, versionsPerFile: 20, totalBytes: 10_000 };
const sweep = (days: number | null | undefined, looksOnly = false, ms = 1000, clock = () => now) =>
  sweepArchive({ directory, ...bounds }, { days, now: clock, ms }, { looksOnly });
const inside = (name: string) => fs.readdirSync(join(directory, name)).sort();

let count = 0;
function put(path: string, age: number, kind: VersionKind = "deleted"): string {
  count += 1;
  const id = `${stampOf(now - age * day)}-${count.toString(16).padStart(8, "0")}`;
  const name = nameOf({ id, kind, mode: 0o644, bytes: 7, digest: "-", key: keyOf(path) });
  const whole = join(directory, "versions", name);
  fs.mkdirSync(join(directory, "paths"), { recursive: true });
  fs.mkdirSync(kind === "directory" ? join(whole, "deep") : join(directory, "versions"), {
    recursive: true,
  });
  if (kind !== "directory") fs.writeFileSync(whole, "content");
  fs.writeFileSync(join(directory, "paths", keyOf(path)), path);
  return name;
}

it("goes by the day on which a version was made, folders and their paths too", () => {
  const kept = [put("/a", 89), put("/c", 0)].sort();
  const gone = [put("/a", 91), put("/b", 200, "directory"), put("/c", 91)];
  // Its content is of last year, its deletion of today: a file that is moved keeps its time.
  fs.utimesSync(join(directory, "versions", kept[1] ?? ""), 0, 0);
  fs.writeFileSync(join(directory, "versions", "not-ours"), "");
  expect(sweep(90, true).swept).toMatchObject({ entries: 3, bytes: 21 });
  expect(inside("versions")).toHaveLength(6);
  const { swept, complete } = sweep(90);
  expect(swept).toMatchObject({ entries: 3, refused: 0, before: now - 90 * day });
  expect([...swept.names].sort()).toEqual(gone.sort());
  expect(complete).toBe(true);
  expect(inside("versions")).toEqual([...kept, "not-ours"].sort());
  expect(inside("paths")).toEqual([keyOf("/a"), keyOf("/c")].sort());
});

it("keeps for ever what it is told to, also by an earlier version", () => {
  put("/a", 4000);
  expect([sweep(null).swept.entries, sweep(undefined).swept.entries]).toEqual([0, 0]);
  expect(inside("versions")).toHaveLength(1);
});

it("goes on where the time was over", () => {
  const [, second] = [put("/a", 300), put("/a", 200)];
  let clock = now;
  const tick = () => {
    clock += 400;
    return clock;
  };
  expect(sweep(90, false, 600, tick)).toMatchObject({ complete: false, swept: { entries: 1 } });
  expect(inside("versions")).toEqual([second]);
  expect(sweep(90).complete).toBe(true);
});

it("makes no archive, and leaves what a link leads to", () => {
  expect(sweep(90).swept.entries).toBe(0);
  expect(fs.readdirSync(directory)).toEqual([]);
  const name = put("/a", 100);
  const outside = join(directory, "outside");
  fs.mkdirSync(outside);
  fs.writeFileSync(join(outside, "precious"), "");
  fs.rmSync(join(directory, "versions", name));
  fs.symlinkSync(outside, join(directory, "versions", name));
  expect(sweep(90).swept.entries).toBe(1);
  expect(fs.readdirSync(outside)).toEqual(["precious"]);
});
