/**
 * Runs both vitest projects, the quick one first, and closes with one line: `N passed, N failed`.
 * Exit code 0 only if something passed and nothing failed, a file that does not load included.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const vitest = "node_modules/vitest/vitest.mjs";

/** A file that failed without a failed test in it (it does not load, a hook threw) counts as one. */
function count(report: Report): Counts {
  const broken = report.testResults.filter(
    (file) =>
      file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
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
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

function main(): number {
  const directory = mkdtempSync(join(tmpdir(), "con-tests-"));
  try {
    const all = ["unit", "image"].map((project) => runProject(project, directory));
    const sum = (key: keyof Counts) => all.reduce((total, counts) => total + counts[key], 0);
    const skipped = sum("skipped");
    console.log(
      `${sum("passed")} passed, ${sum("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
    );
    return sum("failed") === 0 && sum("passed") > 0 ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

process.exitCode = main();
