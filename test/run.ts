/**
 * Runs both vitest projects, the quick one first, and closes with a line per failure, so that the end
 * of a long log says what failed, and one line: `N passed, N failed`.
 * Exit code 0 only if something passed and nothing failed, a file that does not load included.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

interface Report {
  readonly numPassedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

interface Counts {
  passed: number;
  /** One line each: file, test, first line of what it said. */
  failed: string[];
  skipped: number;
}

const vitest = "node_modules/vitest/vitest.mjs";

const firstLine = (text: string | undefined) => (text ?? "").split("\n", 1)[0];

/** A file that failed without a failed test in it (it does not load, a hook threw) counts as one. */
function failures(file: Report["testResults"][number]): string[] {
  const path = relative(process.cwd(), file.name);
  const failed = file.assertionResults.filter(({ status }) => status === "failed");
  if (failed.length === 0 && file.status === "failed")
    return [`${path}: ${firstLine(file.message)}`];
  return failed.map((test) => `${path}: ${test.fullName}: ${firstLine(test.failureMessages[0])}`);
}

function count(report: Report): Counts {
  return {
    passed: report.numPassedTests,
    failed: report.testResults.flatMap(failures),
    skipped: report.numPendingTests,
  };
}

function runProject(project: string, directory: string): Counts {
  const output = join(directory, `${project}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${output}`];
  const { status } = spawnSync(
    process.execPath,
    [vitest, "run", "--project", project, ...reporters],
    { stdio: "inherit" },
  );
  const counts = count(JSON.parse(readFileSync(output, "utf8")) as Report);
  // An error outside every test (an unhandled rejection) shows only in the exit code.
  if (status !== 0 && counts.failed.length === 0) {
    counts.failed.push(`${project}: vitest exited with ${status}, and no test says why`);
  }
  return counts;
}

function main(): number {
  const directory = mkdtempSync(join(tmpdir(), "con-tests-"));
  try {
    const all = ["unit", "image"].map((project) => runProject(project, directory));
    const sum = (key: "passed" | "skipped") => all.reduce((total, of) => total + of[key], 0);
    const [passed, skipped] = [sum("passed"), sum("skipped")];
    const failed = all.flatMap((counts) => counts.failed);
    for (const failure of failed) console.log(`failed: ${failure}`);
    console.log(
      `${passed} passed, ${failed.length} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
    );
    return failed.length === 0 && passed > 0 ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

process.exitCode = main();
