/**
 * `make bench`: boots the real system, measures, and prints each figure as a ratio to its floor in the
 * same run. Writes `bench/results/latest.json` and the table of `docs/performance.md`.
 *
 * Arguments: names of suites (wake idle scale burst context memory contracts sandbox), all by default. Times in
 * milliseconds.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { encodeTask, requestOf } from "../src/task/codec.ts";
import { bootContainer, type Container, repository } from "../test/image/support/container.ts";
import { contracts } from "./contracts.ts";
import { memory } from "./memory.ts";
import { median, spread } from "./numbers.ts";
import { sandbox } from "./sandbox.ts";
import { type Row, table } from "./table.ts";

const runs = 30;
const port = 18080;
const script = [{ when: "", turns: [{ text: "ok" }] }];
const sizes = [2, 20, 100, 1000];
const paced = [
  [500, 0],
  [100, 20],
  [100, 100],
  [100, 1000],
] as const;

interface Wake {
  readonly node: readonly number[];
  readonly true: readonly number[];
  readonly cold: readonly number[];
  readonly warm: readonly number[];
}

async function inside(container: Container, program: string, ...args: string[]): Promise<unknown> {
  const out = await container.must(["/usr/bin/node", `/run/bench/${program}.mjs`, ...args]);
  return JSON.parse(out);
}

async function prepare(container: Container): Promise<void> {
  await container.must(["mkdir", "-p", "/run/bench"]);
  for (const program of ["wake", "burst", "scale", "contracts", "detection"]) {
    const source = readFileSync(join(repository, `bench/inside/${program}.mjs`));
    await container.copyIn(`/run/bench/${program}.mjs`, source);
  }
  const task = encodeTask(requestOf("benchmark"), { endMarker: true });
  await container.copyIn("/run/bench/task", task);
}

async function wake(container: Container): Promise<Row[]> {
  const times = (await inside(
    container,
    "wake",
    "concierge",
    String(runs),
    "/run/bench/task",
  )) as Wake;
  const floor = median(times.node);
  const against = (name: string, values: readonly number[], target: string): Row => ({
    figure: name,
    measured: `${median(values).toFixed(1)} ms (${spread(values)})`,
    ratio: (median(values) / floor).toFixed(2),
    target,
  });
  return [
    against("floor: same hardened unit, `/bin/true`, rename → exit", times.true, ""),
    against("floor: same hardened unit, `node -e 0`, rename → exit", times.node, ""),
    against("cold wake: rename → model request at the gateway", times.cold, "≤ 1.4×"),
    against("warm wake: rename → model request at the gateway", times.warm, "≤ 10 ms"),
  ];
}

interface Burst {
  readonly count: number;
  readonly gap_ms: number;
  readonly answered: number;
  readonly twice: number;
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

async function burst(container: Container): Promise<Row[]> {
  await connectScripted(container);
  const rows: Row[] = [];
  for (const [count, gap] of paced) {
    const found = (await inside(
      container,
      "burst",
      "concierge",
      String(count),
      String(gap),
      "/run/bench/task",
    )) as Burst;
    const rate = gap === 0 ? `, ${found.tasks_per_second.toFixed(0)} tasks/s` : "";
    rows.push({
      figure: `${count} tasks ${gap === 0 ? "at once" : `${gap} ms apart`}, one inbox, scripted model`,
      measured: `${found.answered} answered, ${found.twice} twice${rate}, path unit ${found.path_unit}`,
      ratio: "",
      target: gap === 0 ? "all, none twice, ≥ 250 tasks/s" : "all, none twice",
    });
  }
  return rows;
}

interface Scale {
  readonly agents: number;
  readonly first_ms: number;
  readonly second_ms: number;
  readonly second_changes: number;
  readonly one_more_ms: number;
  readonly pid1_rss_anon_kib: number;
  readonly wake_all_ms: number;
  readonly answered: number;
}

async function scale(container: Container): Promise<Row[]> {
  const rows: Row[] = [];
  for (const size of sizes) {
    const found = (await inside(container, "scale", String(size), "/run/bench/task")) as Scale;
    const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
    rows.push(
      {
        figure: `bootstrap of ${size} more agents: first run, second run`,
        measured: `${seconds(found.first_ms)}, ${seconds(found.second_ms)} with ${found.second_changes} changes; PID 1 ${(found.pid1_rss_anon_kib / 1024).toFixed(1)} MiB`,
        ratio: (found.first_ms / found.second_ms).toFixed(1),
        target: "second ≥ 5× faster, 0 changes",
      },
      {
        figure: `one agent commissioned among ${size}`,
        measured: seconds(found.one_more_ms),
        ratio: "",
        target: size === 100 ? "≤ 1 s" : "",
      },
      {
        figure: `${size} agents, one task each at once, with builtin/reflex`,
        measured: `${found.answered} answered in ${seconds(found.wake_all_ms)}`,
        ratio: "",
        target: "all wake",
      },
    );
  }
  return rows;
}

async function idle(container: Container): Promise<Row[]> {
  await container.must(["systemctl", "stop", "con-gateway.service"]);
  const processes = await container.must(["ps", "-eo", "user:32=,args="]);
  const ours = processes
    .split("\n")
    .filter((line) => /^(a-|con-)|\/usr\/bin\/con|\/usr\/lib\/con/.test(line));
  return [
    { figure: "idle: processes of ours", measured: String(ours.length), ratio: "", target: "0" },
  ];
}

interface Context {
  readonly tokenizer_load_ms: number;
  readonly compaction: {
    readonly tokens: number;
    readonly median_ms: number;
    readonly after_restart_median_ms: number;
  };
  readonly steps: readonly {
    readonly window: number;
    readonly median_ms: number;
    readonly p99_ms: number;
    readonly first_30_median_ms: number;
    readonly last_30_median_ms: number;
  }[];
}

/** Needs no machine of its own: no model and no unit takes part. */
async function context(): Promise<Row[]> {
  const program = join(repository, "bench/context.ts");
  const found = JSON.parse(
    execFileSync(process.execPath, [program], { encoding: "utf8" }),
  ) as Context;
  const { compaction, steps, tokenizer_load_ms } = found;
  return [
    {
      figure: `compaction of ${compaction.tokens} tokens, without the model; after a restart`,
      measured: `${compaction.median_ms} ms; ${compaction.after_restart_median_ms} ms, and ${tokenizer_load_ms} ms to load the tokenizer`,
      ratio: "",
      target: "≤ 100 ms",
    },
    ...steps.map((one) => ({
      figure: `a step of 300, window of ${one.window} tokens, without model and tool`,
      measured: `${one.median_ms} ms (p99 ${one.p99_ms})`,
      ratio: `last to first 30: ${(one.last_30_median_ms / one.first_30_median_ms).toFixed(2)}`,
      target: "≤ 5 ms, flat",
    })),
  ];
}

const suites = {
  wake,
  idle,
  scale,
  burst,
  context,
  memory: () => memory(),
  sandbox,
  contracts: (container: Container) =>
    contracts((program, ...args) => inside(container, program, ...args)),
};
type Suite = keyof typeof suites;

function machine(): Record<string, string | number> {
  const node = execFileSync(process.execPath, ["--version"], { encoding: "utf8" }).trim();
  return {
    cpus: os.cpus().length,
    model: os.cpus()[0]?.model ?? "unknown",
    memory_gib: Math.round(os.totalmem() / 2 ** 30),
    kernel: os.release(),
    node,
    date: new Date().toISOString().slice(0, 10),
  };
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const names = (Object.keys(suites) as Suite[]).filter(
    (name) => wanted.length === 0 || wanted.includes(name),
  );
  const env = { ...process.env, ENGINE: "nspawn", PROFILE: "default" };
  execFileSync(join(repository, "image/con-container"), ["image"], { env, stdio: "inherit" });
  const rows: Row[] = [];
  for (const name of names) {
    await using own = await bootContainer();
    await prepare(own.container);
    const found = await suites[name](own.container);
    rows.push(...found);
    process.stdout.write(`${table(found)}\n`);
  }
  const results = join(repository, "bench/results");
  mkdirSync(results, { recursive: true });
  const report = { machine: machine(), rows };
  writeFileSync(join(results, "latest.json"), `${JSON.stringify(report, null, 2)}\n`);
  if (wanted.length === 0) writePage(report);
}

/** The table stands between two marker lines; the words around it are people's. */
function writePage({
  machine: facts,
  rows,
}: {
  machine: Record<string, unknown>;
  rows: Row[];
}): void {
  const path = join(repository, "docs/performance.md");
  const page = readFileSync(path, "utf8");
  const about = Object.entries(facts).map(([key, value]) => `${key} ${value}`);
  const block = `<!-- begin bench -->\n${about.join(", ")}\n\n${table(rows)}\n<!-- end bench -->`;
  writeFileSync(path, page.replace(/<!-- begin bench -->[\s\S]*<!-- end bench -->/, block));
}

await main();
