/** What the mutation part makes of a report, and of the reasons people wrote. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { share } from "./parts/mutation.ts";
import { areas } from "./support/mutation-areas.ts";
import { readReasons, reasonFor } from "./support/mutation-reasons.ts";
import { score, tally } from "./support/mutation-report.ts";
import { filesOf } from "./support/mutation-stryker.ts";

const at = (line: number, from: number, to: number) => ({
  start: { line, column: from },
  end: { line, column: to },
});

const mutant = (status: string, location = at(1, 1, 2)) => ({
  ...{ mutatorName: "M", replacement: "true", status, location },
});

const reportOf = (...mutants: ReturnType<typeof mutant>[]) => ({
  files: { "src/x.ts": { source: "one\nif (a  <  b) {\n", mutants } },
});

test("what ended a test or its patience was noticed, what could not be tried does not count", () => {
  const statuses = ["Killed", "Timeout", "Survived", "NoCoverage", "CompileError", "RuntimeError"];
  const found = tally(reportOf(...statuses.map((status) => mutant(status))));
  expect(found).toMatchObject({ noticed: 2, slow: 1, tried: 4 });
  expect(found.survivors.map(({ unseen }) => unseen)).toEqual([false, true]);
  expect(score(found)).toBe(50);
});

test("a score is never rounded up to what was asked, and nothing tried is no score", () => {
  expect(score({ noticed: 7_999, tried: 10_000 })).toBe(79.9);
  expect(score({ noticed: 0, tried: 0 })).toBe(0);
});

test("a survivor says what was there, on one line", () => {
  const { survivors } = tally(reportOf(mutant("Survived", at(2, 5, 12))));
  expect(survivors).toEqual([
    { file: "src/x.ts", line: 2, was: "a < b", became: "true", unseen: false },
  ]);
});

const lived = { file: "src/x.ts", line: 2, was: "a < b", became: "a <= b", unseen: false };

test("a reason is for its file, its code and its change", () => {
  const reasons = readReasons("Words.\n\n- `src/x.ts`: `a < b` => `a <= *`: never equal\n");
  expect(reasonFor(lived, reasons)?.why).toBe("never equal");
  for (const change of [{ file: "src/y.ts" }, { was: "a < c" }, { became: "true" }])
    expect(reasonFor({ ...lived, ...change }, reasons)).toBeUndefined();
});

test("characters of patterns in a reason are only themselves; code may have backquotes", () => {
  const [reason] = readReasons("- `src/x.ts`: `` `a.b` `` => `` `` ``: words\n");
  expect(reason?.was.test("`a.b`")).toBe(true);
  expect(reason?.was.test("`axb`")).toBe(false);
});

test.each([
  "- `src/x.ts`: `a` => `b`",
  "- `src/x.ts`: `a` => `b`: ",
  "- src/x.ts: `a` => `b`: why",
])("%s is refused", (line) => {
  expect(() => readReasons(line)).toThrow("survivors.md");
});

test("every area has files and tests, and every reason a file of an area", () => {
  const files = areas.flatMap(filesOf);
  for (const area of areas) {
    expect(filesOf(area), area.name).not.toEqual([]);
    expect(globSync([...area.tests]), area.name).not.toEqual([]);
  }
  const reasons = readReasons(readFileSync(join(import.meta.dirname, "survivors.md"), "utf8"));
  expect(reasons.filter(({ file }) => !files.includes(file))).toEqual([]);
});

test("a smaller scale takes other files with another seed, and at least one", () => {
  const files = ["a", "b", "c", "d"];
  expect(share(files, 7, 1)).toEqual(files);
  expect(share(files, 3, 0.5)).toEqual(["a", "d"]);
  expect(share(files, 2, 0.001)).toEqual(["c"]);
});
