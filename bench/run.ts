/**
 * `make bench`: boots the real system, measures suite by suite, prints each figure as a ratio to its floor in the same
 * run, keeps it in `bench/results/latest.json`, and writes `docs/performance.md` and its plots from all that is kept.
 *
 * Arguments: names of suites, all by default; `--small`: a few runs, to see that it works; nothing is kept. A suite that
 * fails does not stop the others, and the exit code says so.
 */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { encodeTask, requestOf } from "../src/task/codec.ts";
import { bootContainer, type Container, repository } from "../test/image/support/container.ts";
import { described, readResults, writePage, writeResults } from "./kept.ts";
import type { Measured, Suite } from "./suite.ts";
import { burst } from "./suites/burst.ts";
import { context } from "./suites/context.ts";
import { contracts } from "./suites/contracts.ts";
import { data } from "./suites/data.ts";
import { exec } from "./suites/exec.ts";
import { forge } from "./suites/forge.ts";
import { idle } from "./suites/idle.ts";
import { mcp } from "./suites/mcp.ts";
import { memory } from "./suites/memory.ts";
import { queue } from "./suites/queue.ts";
import { sandbox } from "./suites/sandbox.ts";
import { scale } from "./suites/scale.ts";
import { start } from "./suites/start.ts";
import { wake } from "./suites/wake.ts";
import { web } from "./suites/web.ts";
import { table } from "./table.ts";

/** In the order of the page. */
const suites: Readonly<Record<string, Suite>> = {
  ...{ start, wake, idle, burst, queue, scale, context, memory, contracts },
  ...{ sandbox, web, data, forge, exec, mcp },
};

async function prepare(container: Container): Promise<void> {
  await container.must(["mkdir", "-p", "/run/bench"]);
  const programs = join(repository, "bench/inside");
  for (const name of readdirSync(programs))
    await container.copyIn(`/run/bench/${name}`, readFileSync(join(programs, name)));
  const task = encodeTask(requestOf("benchmark"), { endMarker: true });
  await container.copyIn("/run/bench/task", task);
}

async function measure(suite: Suite, isSmall: boolean): Promise<Measured> {
  const size = { runs: isSmall ? 3 : 30, isSmall };
  if (suite.profile === null) return suite.measure(size);
  await using own = await bootContainer({
    build: true,
    contracts: "awake",
    settings: { PROFILE: suite.profile },
  });
  const { container } = own;
  await prepare(container);
  const inside = async (program: string, ...args: string[]): Promise<unknown> =>
    JSON.parse(await container.must(["/usr/bin/node", `/run/bench/${program}.mjs`, ...args]));
  const found = await suite.measure({ ...size, container, inside });
  return found;
}

function namesOf(args: readonly string[]): string[] {
  const unknown = args.filter((name) => !Object.hasOwn(suites, name));
  if (unknown.length > 0)
    throw new Error(`no suite ${unknown.join(", ")}: there are ${Object.keys(suites).join(" ")}`);
  return args.length === 0 ? Object.keys(suites) : [...args];
}

async function main(): Promise<void> {
  const isSmall = process.argv.includes("--small");
  const names = namesOf(process.argv.slice(2).filter((word) => word !== "--small"));
  const path = join(repository, "bench/results/latest.json");
  mkdirSync(join(path, ".."), { recursive: true });
  // What cannot be read is found before an hour of measuring.
  readResults(path);
  for (const name of names) {
    const suite = suites[name];
    if (suite === undefined) continue;
    try {
      const kept = await described(suite.about, repository, () => measure(suite, isSmall));
      process.stdout.write(`\n${name}, ${kept.seconds} s\n${table(kept.rows)}\n`);
      if (isSmall) continue;
      const results = { ...readResults(path), [name]: kept };
      writeResults(path, results);
      writePage(join(repository, "docs"), results, Object.keys(suites));
    } catch (error) {
      process.stderr.write(`\n${name} failed: ${String((error as Error).stack)}\n`);
      process.exitCode = 1;
    }
  }
}

await main();
