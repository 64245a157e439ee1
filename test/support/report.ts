/**
 * What came of the vitest projects, from the reports that vitest writes: a line for each failure, and the sums. Pure.
 * Nothing is a success that did not run: a file that does not load, a project without a report, no test at all.
 */
import { relative } from "node:path";

/** As much of vitest's JSON report as is read here. */
export interface Report {
  readonly numPassedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly FileReport[];
}

interface FileReport {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly {
    readonly status: string;
    readonly fullName: string;
    readonly failureMessages: readonly string[];
  }[];
}

export interface Counts {
  readonly passed: number;
  /** One line each: file, test, first line of what it said. */
  readonly failed: readonly string[];
  readonly skipped: number;
}

/** How one project ended; without a report where it wrote none that can be read. */
export interface Ended {
  readonly project: string;
  readonly status: number | null;
  readonly report: Report | null;
}

const firstLine = (text: string | undefined) => (text ?? "").split("\n", 1)[0];

/** A file that failed without a failed test in it (it does not load, a hook threw) counts as one. */
function failures(file: FileReport, directory: string): string[] {
  const path = relative(directory, file.name);
  const failed = file.assertionResults.filter(({ status }) => status === "failed");
  if (failed.length === 0 && file.status === "failed")
    return [`${path}: ${firstLine(file.message)}`];
  return failed.map((test) => `${path}: ${test.fullName}: ${firstLine(test.failureMessages[0])}`);
}

export function count({ project, status, report }: Ended, directory: string): Counts {
  if (report === null)
    return {
      passed: 0,
      failed: [`${project}: vitest exited with ${status}, and wrote no report`],
      skipped: 0,
    };
  const failed = report.testResults.flatMap((file) => failures(file, directory));
  // An error outside every test (an unhandled rejection) shows only in the exit code.
  if (status !== 0 && failed.length === 0)
    failed.push(`${project}: vitest exited with ${status}, and no test says why`);
  return { passed: report.numPassedTests, failed, skipped: report.numPendingTests };
}

/** Whether all is well, and the last lines of the log. */
export function conclude(all: readonly Counts[]): {
  readonly ok: boolean;
  readonly lines: string[];
} {
  const sum = (key: "passed" | "skipped") => all.reduce((total, of) => total + of[key], 0);
  const [passed, skipped] = [sum("passed"), sum("skipped")];
  const failed = all.flatMap((counts) => counts.failed);
  const sums = `${passed} passed, ${failed.length} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  return {
    ok: failed.length === 0 && passed > 0,
    lines: [...failed.map((failure) => `failed: ${failure}`), sums],
  };
}
