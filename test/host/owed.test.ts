import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { owe, owed, settleOwed } from "../../src/host/owed.ts";

test("what is owed adds up until it is settled", () => {
  const directory = mkdtempSync(join(tmpdir(), "con-owed-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "run/owed.json");
  expect(owed(path)).toEqual([]);
  owe([], path);
  expect(existsSync(path)).toBe(false);
  owe(["/a", "/b"], path);
  // The run is cut off here, and the next one changes less.
  owe(["/b", "/c"], path);
  expect(owed(path)).toEqual(["/a", "/b", "/c"]);
  settleOwed(path);
  expect(owed(path)).toEqual([]);
  settleOwed(path);
});

test("a note that cannot be read is no empty one", () => {
  const directory = mkdtempSync(join(tmpdir(), "con-owed-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "owed.json"), "{");
  expect(() => owed(join(directory, "owed.json"))).toThrow("it is damaged");
});
