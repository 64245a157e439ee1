/**
 * Runs the vitest projects, the quick one first, and closes with a line per failure, so that the end
 * of a long log says what failed, and one line: `N passed, N failed`.
 * Exit code 0 only if something passed and nothing failed, a file that does not load included.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { conclude, count, type Ended, type Report } from "./support/report.ts";

const vitest = "node_modules/vitest/vitest.mjs";

/** Three times what the longest project takes on two cores: a hang ends with a word about it. */
const longestMs = 35 * 60_000;

function runProject(project: string, directory: string): Ended {
  const output = join(directory, `${project}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${output}`];
  const argv = [vitest, "run", "--project", project, ...reporters];
  const limit = { timeout: longestMs, killSignal: "SIGKILL" } as const;
  const { status, error } = spawnSync(process.execPath, argv, { stdio: "inherit", ...limit });
  if (error !== undefined) console.log(`${project}: ${error.message}`);
  const text = existsSync(output) ? readFileSync(output, "utf8") : null;
  return { project, status, report: text === null ? null : (JSON.parse(text) as Report) };
}

function main(): number {
  const directory = mkdtempSync(join(tmpdir(), "con-tests-"));
  try {
    const ended = ["unit", "image", "alone"].map((project) => runProject(project, directory));
    const { ok, lines } = conclude(ended.map((one) => count(one, process.cwd())));
    for (const line of lines) console.log(line);
    return ok ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

process.exitCode = main();
