/**
 * Runs inside the booted system, as root: bootstrap of N agents (first run, second run, PID 1's
 * memory), one more agent commissioned, and whether each of the N wakes for a dropped task.
 *
 * Arguments: N. The agents `bench-0001 …` are removed at the end with `con bootstrap --prune`.
 * Prints one JSON object; times in milliseconds, memory in KiB.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const count = Number(process.argv[2]);
const taskFile = process.argv[3];
const manifests = "/etc/con/agents.d";
const nameOf = (index) => `bench-${String(index).padStart(4, "0")}`;
const now = () => Number(process.hrtime.bigint()) / 1e6;

function bootstrap(...args) {
  const from = now();
  const done = spawnSync("con", ["bootstrap", "--json", ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (done.status !== 0) throw new Error(`con bootstrap ended with ${done.status}: ${done.stderr}`);
  return { ms: now() - from, report: JSON.parse(done.stdout) };
}

const addManifest = (index) =>
  fs.writeFileSync(
    `${manifests}/${nameOf(index)}.yaml`,
    `name: ${nameOf(index)}\ndescription: Stands in a benchmark\ntier: worker\nmodel: fast\n`,
  );

function pidOneKib() {
  const found = /^RssAnon:\s+(\d+)/m.exec(fs.readFileSync("/proc/1/status", "utf8"));
  return Number(found?.[1]);
}

/** Agents beyond the machine's inotify limit, which are woken by a bell and not by a plain file. */
const belled = () =>
  spawnSync("systemctl", ["list-units", "--no-legend", "--plain", "con-bell@bench-*.socket"], {
    encoding: "utf8",
  })
    .stdout.split("\n")
    .filter((line) => line !== "").length;

/** Drops one task into each inbox at once and waits for the answers. */
async function wakeAll() {
  const names = Array.from({ length: count }, (_, index) => nameOf(index + 1));
  const bytes = fs.readFileSync(taskFile);
  const from = now();
  for (const name of names) {
    const inbox = `/srv/con/agents/${name}/inbox`;
    fs.writeFileSync(`${inbox}/.wake.task`, bytes);
    fs.renameSync(`${inbox}/.wake.task`, `${inbox}/wake.task`);
  }
  const waiting = new Set(names);
  const deadline = now() + 15 * 60_000;
  while (waiting.size > 0 && now() < deadline) {
    for (const name of waiting) {
      const answered = fs
        .readdirSync(`/srv/con/agents/${name}/outbox`)
        .some((entry) => entry.endsWith(".response"));
      if (answered) waiting.delete(name);
    }
    await sleep(50);
  }
  return { ms: now() - from, answered: count - waiting.size };
}

try {
  for (let index = 1; index <= count; index += 1) addManifest(index);
  const first = bootstrap();
  const second = bootstrap();
  const memory = pidOneKib();
  const bells = belled();
  const woken = await wakeAll();
  addManifest(count + 1);
  const oneMore = bootstrap();
  console.log(
    JSON.stringify({
      agents: count,
      bells,
      first_ms: first.ms,
      second_ms: second.ms,
      second_changes: second.report.changes?.length ?? null,
      one_more_ms: oneMore.ms,
      pid1_rss_anon_kib: memory,
      wake_all_ms: woken.ms,
      answered: woken.answered,
    }),
  );
} finally {
  for (let index = 1; index <= count + 1; index += 1) {
    fs.rmSync(`${manifests}/${nameOf(index)}.yaml`, { force: true });
  }
  bootstrap("--prune");
}
