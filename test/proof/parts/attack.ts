/**
 * The part `attack` of the proof: the whole suite of test/attack in booted containers, by the test files that carry it
 * out. Counts what passed in this run; a test that was not run is not counted.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { attempts } from "../../attack/attempts.ts";
import { names, odd, requests, strange } from "../../attack/sender.ts";
import type { Figure, Part, PartContext } from "../part.ts";

const repository = resolve(import.meta.dirname, "../../..");
const files = ["attack", "attack-stories", "attack-sender"];

interface Assertion {
  readonly title: string;
  readonly status: string;
  readonly ancestorTitles: readonly string[];
  readonly failureMessages: readonly string[];
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly status: string;
    readonly assertionResults: readonly Assertion[];
  }[];
}

/** Runs the files and returns what vitest says of each test; throws where it says nothing. */
async function carryOut({ directory, scale, progress }: PartContext): Promise<Report> {
  const report = join(directory, "report.json");
  const argv = [
    ...[join(repository, "node_modules/vitest/vitest.mjs"), "run", "--project", "image"],
    ...["--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
    ...files.map((name) => `test/image/${name}.test.ts`),
  ];
  const child = spawn(process.execPath, argv, {
    cwd: repository,
    stdio: ["ignore", "inherit", "inherit"],
    // A scale below 1 is what `make test` runs.
    env: { ...process.env, ...(scale === 1 ? { CON_ATTACKS: "all" } : {}) },
  });
  const [code] = (await once(child, "close")) as [number | null];
  progress(`the tests ended with ${code}`);
  if (!existsSync(report)) throw new Error(`vitest ended with ${code} and without a report`);
  return JSON.parse(readFileSync(report, "utf8")) as Report;
}

/** A test `from VANTAGE` is all the attempts that are made from there. */
const attemptsOf = ({ title }: Assertion): number =>
  attempts.filter(({ from }) => from.some((one) => title === `from ${one}`)).length;

const controlsOf = ({ title }: Assertion): number =>
  attempts.filter(({ control }) => title.startsWith(`as ${control.as},`)).length;

const sum = (tests: readonly Assertion[], count: (one: Assertion) => number): number =>
  tests.reduce((all, one) => all + count(one), 0);

async function run(context: PartContext) {
  const { testResults } = await carryOut(context);
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const passed = tests.filter(({ status }) => status === "passed");
  const failed = tests.filter(({ status }) => status !== "passed");
  const broken = testResults.filter(({ assertionResults }) => assertionResults.length === 0);
  const figures: Figure[] = [
    { what: "attempts in the table", value: attempts.length, ok: true },
    {
      what: "attempts made, from all places together, and stopped as meant",
      value: sum(passed, attemptsOf),
      ok: true,
    },
    {
      what: "of the same attempts without the defence: came off",
      value: sum(passed, controlsOf),
      ok: true,
    },
    {
      what: "attempts in several steps, and as a sender",
      value: passed.filter(({ ancestorTitles }) => ancestorTitles.join().startsWith("a hostile"))
        .length,
      ok: true,
    },
    {
      what: "odd files, tasks, names and requests of senders",
      value: odd.length + strange.length + names.length + requests.length,
      ok: true,
    },
    {
      what: "tests in which an attempt came off, was stopped by something else, or a control did not come off",
      value: failed.length + broken.length,
      target: "0",
      ok: failed.length + broken.length === 0 && passed.length > 0,
    },
  ];
  const notes = [
    "The table is docs/attacks.md.",
    ...failed.map(
      ({ title, failureMessages }) => `${title}: ${failureMessages.join(" ").slice(0, 600)}`,
    ),
    ...broken.map(({ name, message }) => `${name}: ${message.slice(0, 600)}`),
  ];
  return { figures, notes };
}

export const part: Part = {
  name: "attack",
  claim:
    "No attempt of a hostile agent or a hostile sender comes off, and each does where its defence is not in the way.",
  run,
};
