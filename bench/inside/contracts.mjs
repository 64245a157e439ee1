/**
 * Runs inside the booted system, as root: what evaluating contracts costs in wall clock and processor time.
 *
 * Arguments: PHASE RUNS and what the phase wants: `set RUNS`, `sleepers RUNS COUNT`,
 * `growth RUNS COUNT alone|beside`. Prints one JSON object with each run's times in milliseconds. Writes
 * to /etc/con and bootstraps: the driver throws the container away.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const own = "/etc/con/contracts";
const shipped = "/usr/share/con/contracts";
const cache = "/var/lib/con/health/contracts.json";
const [phase, runsText, countText, company] = process.argv.slice(2);
const runs = Number(runsText);
const count = Number(countText);
const pad = (index) => String(index).padStart(3, "0");

function must(program, ...args) {
  const done = spawnSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28 });
  if (done.status === 0) return done.stdout;
  throw new Error(`${program} ${args.slice(0, 4).join(" ")}: ${done.status}\n${done.stderr}`);
}

/** Wall clock, and user and system time of the program and of all that it waited for. */
function timed(...argv) {
  const script = `TIMEFORMAT='%R %U %S'; { time "$@" >/dev/null; } 2>&1`;
  const done = spawnSync("bash", ["-c", script, "bash", ...argv], { encoding: "utf8" });
  const [wall, user, system] = done.stdout.trim().split("\n").at(-1).split(" ").map(Number);
  if (done.status !== 0) throw new Error(`${argv.slice(0, 3).join(" ")}: ${done.stdout}`);
  return { wall: wall * 1000, cpu: (user + system) * 1000 };
}

/**
 * All units of the container; what the driver starts runs outside of their control group. The second path is
 * that of a machine without version 1. Null where neither can be read.
 */
function unitsCpu() {
  const stats = ["/sys/fs/cgroup/unified/cpu.stat", "/sys/fs/cgroup/cpu.stat"];
  const path = stats.find((one) => fs.existsSync(one));
  if (path === undefined) return null;
  return Number(/^usage_usec (\d+)/.exec(fs.readFileSync(path, "utf8"))[1]) / 1000;
}

/** What the units used meanwhile, the last of their processes collected too. */
async function withUnits(act) {
  const before = unitsCpu();
  const found = act();
  await sleep(300);
  return { ...found, units: before === null ? Number.NaN : unitsCpu() - before };
}

async function repeat(act) {
  const all = [];
  for (let index = 0; index < runs; index += 1) all.push(await withUnits(act));
  return Object.fromEntries(Object.keys(all[0]).map((key) => [key, all.map((one) => one[key])]));
}

async function shippedSet() {
  // The load is the other work of the machine, and no business of this benchmark.
  fs.appendFileSync("/etc/con/con.yaml", "health: {max_load_factor: 10000}\n");
  must("con", "bootstrap", "--json");
  await settle();
  const evaluated = (...args) =>
    JSON.parse(must("con", "healthcheck", "--json", ...args)).evaluated.length;
  return {
    contracts: evaluated("--all"),
    often: evaluated(),
    idle: await repeat(() => ({})),
    floor: await repeat(() => timed("node", "-e", "0")),
    all: await repeat(() => timed("con", "healthcheck", "--all")),
    due: await repeat(() => timed("con", "healthcheck")),
    unit: await repeat(() => timed("systemctl", "start", "con-healthcheck.service")),
  };
}

/** Own contracts `PREFIX-001 …` in force and no others; each looks at what `check` says. */
function install(prefix, check, tags, off = []) {
  fs.rmSync(own, { recursive: true, force: true });
  fs.mkdirSync(own, { recursive: true });
  for (const name of off) fs.writeFileSync(`${own}/${name}`, "");
  const ids = Array.from({ length: count }, (_, index) => `${prefix}-${pad(index + 1)}`);
  for (const id of ids) {
    const head = `id: ${id}\ndescription: Stands in a benchmark\nseverity: low\n${tags}`;
    const text = `${head}checks:\n  - name: bench\n    ${check}\n    on_fail: {escalate: none}\n`;
    fs.writeFileSync(`${own}/${id.toLowerCase()}.yaml`, text);
  }
  must("con", "bootstrap", "--json");
  return ids;
}

async function sleepers() {
  const ids = install("BENCH-SLEEP", 'command: {run: "sleep 0.1"}', "tags: [manual]\n");
  await settle();
  const { results } = JSON.parse(must("con", "healthcheck", "--json", ...ids));
  const passed = results.filter(
    ({ contract, state }) => ids.includes(contract) && state === "pass",
  );
  const side = `seq ${count} | xargs -P16 -I{} sh -c 'sleep 0.1'`;
  return {
    passed: passed.length,
    floor: await repeat(() => timed("bash", "-c", side)),
    checks: await repeat(() => timed("con", "healthcheck", ...ids)),
  };
}

/** The cache believes no file that is younger than two seconds. */
async function settle() {
  await sleep(2_500);
  timed("con", "healthcheck", "--all");
}

async function growth() {
  const off = fs.readdirSync(shipped).filter((name) => company === "alone" && /yaml$/.test(name));
  const [one] = install("BENCH-GROWTH", "path_exists: {path: /etc/con/con.yaml}", "", off);
  // Beside the shipped set that would be a finding.
  if (company === "alone") must("systemctl", "stop", "con-healthcheck.timer");
  await settle();
  const single = () => timed("con", "healthcheck", one);
  const cold = () => {
    fs.rmSync(cache);
    return single();
  };
  return {
    evaluated: JSON.parse(must("con", "healthcheck", "--all", "--json")).evaluated.length,
    all: await repeat(() => timed("con", "healthcheck", "--all")),
    warm: await repeat(single),
    cold: await repeat(cold),
  };
}

const phases = { set: shippedSet, sleepers, growth };
console.log(JSON.stringify(await phases[phase]()));
