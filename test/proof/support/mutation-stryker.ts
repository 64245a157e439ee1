/**
 * Runs StrykerJS over one area in a copy of the repository under .cache/mutation, where it also keeps what it knows of
 * earlier runs: a mutant whose code and tests are as they were is not tried again. Never: a change to the repository.
 * After a crash: the copy, which the next run replaces.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { type Area, areaVariable } from "./mutation-areas.ts";
import type { Report } from "./mutation-report.ts";

const repository = resolve(import.meta.dirname, "../../..");
const program = join(repository, "node_modules/@stryker-mutator/core/bin/stryker.js");

export function filesOf({ mutate }: Area): string[] {
  const no = mutate.filter((glob) => glob.startsWith("!")).map((glob) => glob.slice(1));
  const yes = mutate.filter((glob) => !glob.startsWith("!"));
  return globSync(yes, { cwd: repository, exclude: no }).sort();
}

const settings = (area: Area, files: readonly string[]) => ({
  mutate: files,
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner"],
  vitest: { configFile: "test/proof/support/mutation-vitest.ts", related: false },
  concurrency: 2,
  // One that never ends is noticed by its hits; this is for what a busy machine does.
  timeoutMS: 60_000,
  thresholds: { high: 90, low: 80, break: null },
  // Of what is made when a module is loaded, each change asks for all tests anew: more time than all others together.
  ignoreStatic: true,
  incremental: true,
  incrementalFile: `.cache/mutation/${area.name}.json`,
  tempDirName: `.cache/mutation/${area.name}-copy`,
  ignorePatterns: [".cache", "dist*", "coverage", ".git", "docs"],
  reporters: ["json", "progress-append-only"],
  jsonReporter: { fileName: `.cache/mutation/${area.name}-report.json` },
  checkers: [],
  allowEmpty: false,
});

/** A report has what is known of files that were not asked for, too. */
const only = (report: Report, wanted: readonly string[]): Report => ({
  files: Object.fromEntries(Object.entries(report.files).filter(([file]) => wanted.includes(file))),
});

/** Tries the mutants of these files of the area; throws if it could not. */
export async function mutate(
  area: Area,
  files: readonly string[],
  say: (line: string) => void,
): Promise<Report> {
  const place = join(repository, ".cache/mutation");
  const file = join(place, `${area.name}-settings.json`);
  const report = join(place, `${area.name}-report.json`);
  mkdirSync(place, { recursive: true });
  rmSync(report, { force: true });
  writeFileSync(file, JSON.stringify(settings(area, files)));
  const child = spawn(process.execPath, [program, "run", file], {
    cwd: repository,
    env: { ...process.env, [areaVariable]: area.name, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  let last = "";
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      if (line.trim() === "") return;
      last = line.trim();
      say(`${area.name}: ${last}`);
    });
  }
  const [code, signal] = await closed;
  if (code !== 0) throw new Error(`${area.name}: ${signal ?? `exit code ${code}`}: ${last}`);
  return only(JSON.parse(readFileSync(report, "utf8")) as Report, files);
}
