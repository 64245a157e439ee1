/**
 * Runs inside the booted system, as root: how long from a rename into the inbox to a model request, against the same
 * hardened unit that runs `node -e 0` and one that runs `/bin/true`, in turns.
 *
 * `cold`: to the gateway's socket, where a recorder stands, so that only the wake is timed. `coldest`: to the provider, by the
 * real gateway, which is cold too. `warm`: to the gateway's socket, while the runner lingers. Before each cold run no process of the
 * agent's user (and of the gateway's) exists, and after it systemd says that the process was started after the rename.
 *
 * Arguments: AGENT RUNS TASK-FILE (a file with the end marker). Prints one JSON object, milliseconds.
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { startRecorder } from "./recorder.mjs";
import { drop, end, processesOf, property, requireStart, systemctl, until } from "./wakes.mjs";

const [agent, runsText, taskFile] = process.argv.slice(2);
const runs = Number(runsText);
const inbox = `/srv/con/agents/${agent}/inbox`;
const service = `con@${agent}.service`;
const gateway = "con-gateway.service";
const [socket, port] = ["/run/con/gateway.sock", 18098];
const task = fs.readFileSync(taskFile);
const floors = { true: "/bin/true", node: "/usr/bin/node -e 0" };

/** The agent's unit with another program, woken by a path unit of its own. */
function makeFloor(name, command) {
  const trigger = `/srv/con/bench-${name}`;
  fs.mkdirSync(trigger, { recursive: true });
  const text = systemctl("cat", service)
    .split("\n")
    .filter((line) => !/^(ExecStart|Wants|After|Requires|Sockets|Condition)/.test(line))
    .map((line) => line.replaceAll("%i", agent))
    .join("\n");
  const unit = `/run/systemd/system/con-bench-${name}`;
  fs.writeFileSync(`${unit}.service`, `${text}\n[Service]\nExecStart=${command}\n`);
  const path = `[Path]\nPathChanged=${trigger}\nTriggerLimitIntervalSec=0\n`;
  fs.writeFileSync(`${unit}.path`, path);
}

async function floor(name, run) {
  const unit = `con-bench-${name}.service`;
  const exitOf = () => property(unit, "ExecMainExitTimestampMonotonic");
  const before = exitOf();
  const from = drop(`/srv/con/bench-${name}`, `${run}.go`, "go");
  const isOver = () =>
    ![before, "0"].includes(exitOf()) && property(unit, "ActiveState") === "inactive";
  await until(`the floor ${name}`, isOver);
  requireStart(unit, from, true);
  return Number(exitOf()) / 1000 - from;
}

/** Name of a task → when its requests came. Others ask too: the sysadmin, when a contract finds the machine busy. */
const arrivals = new Map();
const recorder = (place) =>
  startRecorder(place, ({ messages }, arrived) => {
    const [name = "another"] = /wake-\d+/.exec(JSON.stringify(messages)) ?? [];
    arrivals.set(name, [...(arrivals.get(name) ?? []), arrived]);
    return { text: "ok" };
  });

let dropped = 0;

/** One task, and when its request came. The answer is awaited, so that nothing of it is left for the next run. */
async function wake(isCold) {
  dropped += 1;
  const name = `wake-${dropped}`;
  const from = drop(inbox, `${name}.task`, task);
  await until("a request", () => arrivals.has(name));
  requireStart(service, from, isCold);
  const outbox = `/srv/con/agents/${agent}/outbox`;
  await until("an answer", () =>
    fs.readdirSync(outbox).some((one) => one.startsWith(`${name}-`) && one.endsWith(".response")),
  );
  const [first, second] = arrivals.get(name);
  if (second !== undefined) throw new Error(`${name} was asked about twice`);
  return { from, ms: first - from };
}

async function cold() {
  await end(service, `a-${agent}`);
  return (await wake(true)).ms;
}

async function coldest() {
  await end(service, `a-${agent}`);
  await end(gateway, "con-gateway");
  if (processesOf("con-gateway").length > 0) throw new Error("the gateway lives");
  const { from, ms } = await wake(true);
  requireStart(gateway, from, true);
  return ms;
}

const times = { true: [], node: [], cold: [], warm: [], coldest: [] };

/** A recorder in the gateway's place. */
async function withoutGateway() {
  const units = [gateway, "con-gateway.socket"];
  systemctl("stop", ...units);
  systemctl("mask", "--runtime", ...units);
  fs.rmSync(socket, { force: true });
  const server = await recorder(socket);
  fs.chmodSync(socket, 0o666);
  try {
    for (let run = 0; run < runs; run += 1) {
      for (const name of Object.keys(floors)) times[name].push(await floor(name, run));
      times.cold.push(await cold());
    }
    for (let run = 0; run < runs; run += 1) {
      // Longer than a task takes to settle, shorter than a runner lingers.
      await sleep(100);
      times.warm.push((await wake(false)).ms);
    }
  } finally {
    server.close();
    fs.rmSync(socket, { force: true });
    systemctl("unmask", "--runtime", ...units);
    systemctl("daemon-reload");
    systemctl("start", "con-gateway.socket");
  }
}

async function withGateway() {
  const server = await recorder(port);
  const url = `http://127.0.0.1:${port}/v1`;
  execFileSync("con", ["model", "use", "bench/recorder", "--base-url", url]);
  for (let run = 0; run < runs; run += 1) times.coldest.push(await coldest());
  server.close();
}

// It would find the gateway gone, and have somebody look.
systemctl("stop", "con-healthcheck.timer");
for (const [name, command] of Object.entries(floors)) makeFloor(name, command);
systemctl("daemon-reload");
for (const name of Object.keys(floors)) systemctl("start", `con-bench-${name}.path`);
await withoutGateway();
for (const name of Object.keys(floors)) systemctl("stop", `con-bench-${name}.path`);
await withGateway();
console.log(JSON.stringify(times));
process.exit(0);
