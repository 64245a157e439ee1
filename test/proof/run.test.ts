import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { page } from "./document.ts";
import { type Kept, keep, readKept } from "./kept.ts";
import { type Places, partNames, prove } from "./run.ts";
import { BadSetting, readSettings } from "./settings.ts";

let directory: string;
let places: Places;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "con-proof-test-"));
  places = {
    parts: join(import.meta.dirname, "support"),
    kept: join(directory, "kept"),
    found: join(directory, "found.md"),
    document: join(directory, "proof.md"),
  };
  writeFileSync(places.found, "A hole, closed.\n");
});

afterEach(() => rmSync(directory, { recursive: true }));

const run = async (parts: string[], scale: number) => {
  const lines: string[] = [];
  const code = await prove({ parts, scale, seed: 7 }, places, (line) => lines.push(line));
  return { code, said: lines.join("\n"), text: readFileSync(places.document, "utf8") };
};

test("a part that meets its targets is kept, shown and green", async () => {
  const { code, said, text } = await run(["good"], 0.5);
  expect(code).toBe(0);
  expect(said).toContain("good: half | way");
  expect(readKept(places.kept)).toMatchObject([
    { name: "good", seed: 7, scale: 0.5, failure: null },
  ]);
  expect(text).toContain("| seed | 7 |");
  expect(text).toContain("- a &lt;note>");
  expect(text).toContain("(not the full size)");
  expect(text).toContain("- fuzz: ");
  expect(text).toContain("A hole, closed.");
});

test("a target that is missed makes the run red", async () => {
  const { code, said, text } = await run(["good"], 1);
  expect(code).toBe(1);
  expect(said).toContain("MISSED scale: 1 (asked: 0.5)");
  expect(text).toContain("| scale | 1 | 0.5 | **missed** |");
});

test("a part that dies is said to have died, takes its children along, and the next one runs", async () => {
  const { code, said, text } = await run(["bad", "good"], 0.5);
  expect(code).toBe(1);
  expect(text).toContain("It came to no result: ended with exit code 1");
  expect(said).toContain("the sky fell");
  expect(said).toContain("good: ok");
  const pid = /left (\d+)/.exec(said)?.[1];
  expect(pid).toBeDefined();
  // The kernel ends it in its own time.
  while (alive(Number(pid))) await setTimeout(10);
});

/** A zombie that nobody has collected yet does not live. */
function alive(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) && !/\) [ZX] /.test(readFileSync(file, "latin1"));
}

test("parts are the modules of the directory", () => {
  mkdirSync(join(directory, "parts"));
  for (const name of ["b.ts", "a-1.ts", "README.md", ".x.ts"]) {
    writeFileSync(join(directory, "parts", name), "");
  }
  expect(partNames(join(directory, "parts"))).toEqual(["a-1", "b"]);
  expect(partNames(join(directory, "absent"))).toEqual([]);
});

test("a setting that makes no sense is refused by name", () => {
  const read = (environment: NodeJS.ProcessEnv) => readSettings(environment, ["a", "b"], 5);
  expect(read({})).toEqual({ parts: ["a", "b"], scale: 1, seed: 5 });
  expect(read({ PARTS: " b  a ", SCALE: "0.01", SEED: "0" })).toEqual({
    parts: ["a", "b"],
    scale: 0.01,
    seed: 0,
  });
  const bad = [
    { PARTS: "a ../c" },
    { SCALE: "0" },
    { SCALE: "2" },
    { SCALE: "x" },
    { SEED: "1.5" },
  ];
  for (const environment of bad) expect(() => read(environment)).toThrow(BadSetting);
});

const kept: Kept = {
  name: "crash",
  claim: "c",
  commit: "abc",
  clean: true,
  seed: 1,
  scale: 1,
  date: "2026-01-01T00:00:00.000Z",
  seconds: 2,
  machine: { cpus: 2 },
  result: { figures: [], notes: [] },
  failure: null,
};

test("a part without a figure has met nothing", () => {
  expect(page([kept], "")).toContain("0 met every target, 1 did not");
});

test("a small run does not replace a full one of the same commit", () => {
  expect(keep(places.kept, kept)).toBe(true);
  expect(keep(places.kept, { ...kept, scale: 0.1 })).toBe(false);
  expect(readKept(places.kept)[0]?.scale).toBe(1);
  expect(keep(places.kept, { ...kept, scale: 0.1, commit: "def" })).toBe(true);
});
