/**
 * The suite about throw-away sandboxes: a trivial program from the socket to its result, as root, against a bare
 * transient unit with a dynamic user in the same run. `bench/inside/sandbox.mjs` is what measures.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Container, repository } from "../test/image/support/container.ts";
import { median, spread } from "./numbers.ts";
import type { Row } from "./table.ts";

const runs = "30";

type Times = Readonly<
  Record<"floor" | "node" | "python" | "shell" | "nodeStart", readonly number[]>
>;

export async function sandbox(container: Container): Promise<Row[]> {
  await container.must(["mkdir", "-p", "/run/bench"]);
  const source = readFileSync(join(repository, "bench/inside/sandbox.mjs"));
  await container.copyIn("/run/bench/sandbox.mjs", source);
  const text = await container.must(["/usr/bin/node", "/run/bench/sandbox.mjs", runs]);
  const times = JSON.parse(text) as Times;
  const floor = median(times.floor) + median(times.nodeStart);
  const row = (figure: string, values: readonly number[], target: string): Row => ({
    figure,
    measured: `${median(values).toFixed(1)} ms (${spread(values)})`,
    ratio: (median(values) / floor).toFixed(2),
    target,
  });
  const run = (language: "python" | "node" | "shell") =>
    row(`throw-away sandbox: nothing in ${language}, socket → result`, times[language], "≤ 150 ms");
  return [
    row("floor: `systemd-run --wait -p DynamicUser=yes true`", times.floor, ""),
    row("floor: `node -e 0`; ratios are against both together", times.nodeStart, ""),
    ...[run("shell"), run("python"), run("node")],
  ];
}
