import { expect, test } from "vitest";
import { conclude, count, type Report } from "./report.ts";

const file = (name: string, change: Partial<Report["testResults"][number]> = {}) => ({
  ...{ name: `/repo/test/${name}`, status: "passed", message: "", assertionResults: [] },
  ...change,
});
const report = (...testResults: Report["testResults"]): Report => ({
  ...{ numPassedTests: 3, numPendingTests: 1, testResults },
});
const result = (fullName: string, status: string, ...failureMessages: string[]) => ({
  ...{ fullName, status, failureMessages },
});

test("a failed test is named with its file and the first line of what it said", () => {
  const assertionResults = [
    result("a b", "passed"),
    result("a c", "failed", "Error: no\n at x"),
    result("a d", "failed"),
  ];
  const one = file("x.test.ts", { status: "failed", assertionResults });
  const ended = { project: "unit", status: 1, report: report(one, file("y.test.ts")) };
  expect(count(ended, "/repo")).toEqual({
    passed: 3,
    failed: ["test/x.test.ts: a c: Error: no", "test/x.test.ts: a d: "],
    skipped: 1,
  });
});

test("a file that does not load is a failure", () => {
  const one = file("x.test.ts", { status: "failed", message: "SyntaxError: odd\nmore" });
  const { failed } = count({ project: "unit", status: 1, report: report(one) }, "/repo");
  expect(failed).toEqual(["test/x.test.ts: SyntaxError: odd"]);
});

test("an error outside of every test is a failure, and so is a run without a report", () => {
  const fine = report(file("x.test.ts"));
  expect(count({ project: "image", status: 0, report: fine }, "/repo").failed).toEqual([]);
  expect(count({ project: "image", status: 1, report: fine }, "/repo").failed).toEqual([
    "image: vitest exited with 1, and no test says why",
  ]);
  expect(count({ project: "image", status: null, report: null }, "/repo")).toEqual({
    passed: 0,
    failed: ["image: vitest exited with null, and wrote no report"],
    skipped: 0,
  });
});

test("all is well where something passed and nothing failed; the sums come last", () => {
  const good = { passed: 2, failed: [], skipped: 0 };
  expect(conclude([good, good])).toEqual({ ok: true, lines: ["4 passed, 0 failed"] });
  expect(conclude([good, { passed: 0, failed: ["x: y"], skipped: 2 }])).toEqual({
    ok: false,
    lines: ["failed: x: y", "2 passed, 1 failed, 2 skipped"],
  });
  expect(conclude([{ passed: 0, failed: [], skipped: 3 }]).ok).toBe(false);
});
