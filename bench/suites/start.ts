/**
 * What the start of a program costs before it does anything: `con run` of an agent that does not exist loads all that a
 * wake loads, then ends. In turns with a Node that does nothing. Also what the bundle is made of.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { repository } from "../../test/image/support/container.ts";
import { median } from "../numbers.ts";
import { type BareSuite, timesRow } from "../suite.ts";
import type { Row } from "../table.ts";

const program = join(repository, "dist/con.mjs");
const starts: Readonly<Record<string, readonly string[]>> = {
  "floor: `node -e 0`": ["-e", "0"],
  "`con help`": [program, "help"],
  "`con run`, all that a wake loads": [program, "run", "nobody"],
  "`con gateway`": [program, "gateway", "--help"],
  "`con status`": [program, "status", "--help"],
  "`con task`": [program, "task", "--help"],
  "`con show`, a verb without a bundle of its own": [program, "show", "--help"],
};

function timed(args: readonly string[]): number {
  const from = performance.now();
  const { error } = spawnSync(process.execPath, args, { env: { PATH: process.env["PATH"] ?? "" } });
  if (error !== undefined) throw error;
  return performance.now() - from;
}

/** What is loaded at once, by static imports, from the file on. */
function loaded(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = fs.readFileSync(file, "utf8");
  for (const [, path = ""] of text.matchAll(/(?:\bfrom|\bimport)"(\.[^"]+\.mjs)"/g))
    loaded(join(file, "..", path), seen);
  return seen;
}

function bundleRow(verb: string): Row {
  const files = [...loaded(join(repository, `dist/${verb}/${verb}.mjs`))];
  const bytes = files.reduce((sum, file) => sum + fs.statSync(file).size, 0);
  const measured = `${files.length} files, ${Math.round(bytes / 1024)} KiB`;
  return { figure: `what \`con ${verb}\` loads at once`, measured, ratio: "", target: "" };
}

export const start: BareSuite = {
  profile: null,
  about: "Wall clock from spawn to exit, in turns.",
  async measure({ runs }) {
    const times = Object.entries(starts).map(([figure, args]) => ({
      ...{ figure, args, values: [] as number[] },
    }));
    for (let run = 0; run < runs; run += 1)
      for (const { args, values } of times) values.push(timed(args));
    const floor = median(times[0]?.values ?? []);
    const rows = times.map(({ figure, values }) => timesRow(figure, values, floor));
    return { rows: [...rows, bundleRow("run"), bundleRow("gateway")] };
  },
};
