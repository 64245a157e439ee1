/** Tasks at once and a fixed time apart, through the real gateway. `bench/inside/burst.mjs` measures. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Container, repository } from "../../test/image/support/container.ts";
import type { BootedSuite, World } from "../suite.ts";
import type { Row } from "../table.ts";

const port = 18080;
const script = [{ when: "", turns: [{ text: "ok" }] }];

interface Burst {
  readonly count: number;
  readonly gap_ms: number;
  readonly answered: number;
  readonly twice: number;
  readonly total_ms: number;
  readonly tasks_per_second: number;
  readonly path_unit: string;
}

/** A model without latency, so that the queue, the journal and the gateway are what is measured. */
async function connectScripted(container: Container): Promise<void> {
  const server = readFileSync(join(repository, "test/support/scripted-model.ts"));
  await container.copyIn("/run/bench/model.ts", server);
  await container.copyIn("/run/bench/script.json", JSON.stringify(script));
  await container.must([
    ...["systemd-run", "--quiet", "--unit=bench-model", "/usr/bin/node", "/run/bench/model.ts"],
    ...["--port", String(port), "--script", "/run/bench/script.json"],
  ]);
  const url = `http://127.0.0.1:${port}/v1`;
  await container.must(["con", "model", "use", "bench/scripted-1", "--base-url", url]);
}

const rowOf = ({ count, gap_ms: gap, answered, twice, ...found }: Burst): Row => ({
  figure: `${count} tasks ${gap === 0 ? "at once" : `${gap} ms apart`}, one inbox, scripted model`,
  measured: `${answered} answered, ${twice} twice${gap === 0 ? `, ${found.tasks_per_second.toFixed(0)} tasks/s` : ""}, path unit ${found.path_unit}`,
  ratio: "",
  target: count === 500 ? "all, none twice, ≥ 250 tasks/s" : "all, none twice",
});

async function one({ inside }: World, count: number, gap: number): Promise<Burst> {
  const args = ["concierge", String(count), String(gap), "/run/bench/task"];
  return (await inside("burst", ...args)) as Burst;
}

export const burst: BootedSuite = {
  profile: "default",
  about: "The first task of a burst finds a runner that lingers, or a cold one.",
  async measure(world) {
    await connectScripted(world.container);
    const atOnce: Burst[] = [];
    for (const count of world.isSmall ? [1, 10] : [1, 10, 100, 500, 1_000, 10_000])
      atOnce.push(await one(world, count, 0));
    const apart: Burst[] = [];
    for (const gap of world.isSmall ? [20] : [20, 100, 1000])
      apart.push(await one(world, world.isSmall ? 10 : 100, gap));
    const points = atOnce.map(({ count, total_ms }) => [count, total_ms / 1000] as const);
    const curve = {
      ...{ name: "tasks", title: "Tasks dropped at once into one inbox", x: "tasks", y: "seconds" },
      lines: [{ name: "until all are answered", points }],
    };
    return { rows: [...atOnce, ...apart].map(rowOf), curves: [curve] };
  },
};
