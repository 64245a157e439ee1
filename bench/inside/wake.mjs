/**
 * Runs inside the booted system, as root: how long from a rename into the inbox to the first byte of
 * a model request, cold and lingering, against the same hardened unit that runs `node -e 0` and one
 * that runs `/bin/true`. A recorder stands at the gateway's socket, so that only the wake is timed.
 *
 * Arguments: AGENT RUNS TASK-FILE (a file with the end marker). Prints one JSON object, milliseconds.
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const [agent, runsText, taskFile] = process.argv.slice(2);
const runs = Number(runsText);
const inbox = `/srv/con/agents/${agent}/inbox`;
const service = `con@${agent}.service`;
const socket = "/run/con/gateway.sock";
const task = fs.readFileSync(taskFile);
const now = () => Number(process.hrtime.bigint()) / 1e6;

const systemctl = (...args) => execFileSync("systemctl", args, { encoding: "utf8" });
const property = (unit, name) => systemctl("show", unit, "-p", name, "--value").trim();

/** The agent's unit with another program, woken by a path unit of its own. */
function makeFloor(name, command) {
  const trigger = `/srv/con/bench-${name}`;
  fs.mkdirSync(trigger, { recursive: true });
  const text = systemctl("cat", service)
    .split("\n")
    .filter((line) => !/^(ExecStart|Wants|After|Requires|Sockets|Condition)/.test(line))
    .map((line) => line.replaceAll("%i", agent))
    .join("\n");
  fs.writeFileSync(
    `/run/systemd/system/con-bench-${name}.service`,
    `${text}\n[Service]\nExecStart=${command}\n`,
  );
  fs.writeFileSync(
    `/run/systemd/system/con-bench-${name}.path`,
    `[Path]\nPathChanged=${trigger}\nTriggerLimitIntervalSec=0\n`,
  );
  return trigger;
}

function drop(directory, name, bytes) {
  fs.writeFileSync(`${directory}/.${name}`, bytes);
  const from = now();
  fs.renameSync(`${directory}/.${name}`, `${directory}/${name}`);
  return from;
}

async function until(condition) {
  while (!condition()) await sleep(5);
}

async function measureFloor(name, trigger) {
  const unit = `con-bench-${name}.service`;
  const times = [];
  for (let run = 0; run < runs; run += 1) {
    const before = property(unit, "ExecMainExitTimestampMonotonic");
    const from = drop(trigger, `${run}.go`, "go");
    await until(() => {
      const after = property(unit, "ExecMainExitTimestampMonotonic");
      return after !== before && after !== "0" && property(unit, "ActiveState") === "inactive";
    });
    times.push(Number(property(unit, "ExecMainExitTimestampMonotonic")) / 1000 - from);
  }
  return times;
}

const chunk = (delta, finish) =>
  `data: ${JSON.stringify({ id: "bench", object: "chat.completion.chunk", created: 0, model: "bench", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

/** Answers every chat request at once and keeps the time at which its head had arrived. */
function startRecorder() {
  const arrivals = [];
  const server = http.createServer((request, response) => {
    arrivals.push(now());
    request.resume();
    request.on("end", () => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(
        `${chunk({ role: "assistant", content: "ok" }, null)}${chunk({}, "stop")}data: [DONE]\n\n`,
      );
    });
  });
  fs.rmSync(socket, { force: true });
  return new Promise((resolve) => {
    server.listen(socket, () => {
      fs.chmodSync(socket, 0o666);
      resolve({ arrivals, close: () => server.close() });
    });
  });
}

async function measureWake(arrivals, stopBetween) {
  const times = [];
  for (let run = 0; run < runs; run += 1) {
    const seen = arrivals.length;
    const from = drop(inbox, `bench-${stopBetween ? "cold" : "warm"}-${run}.task`, task);
    await until(() => arrivals.length > seen);
    times.push(arrivals[seen] - from);
    if (stopBetween) {
      await sleep(150);
      systemctl("stop", service);
      await until(() => property(service, "ActiveState") !== "active");
    } else {
      await sleep(100);
    }
  }
  return times;
}

const units = ["con-gateway.service", "con-gateway.socket"];
systemctl("stop", ...units);
systemctl("mask", "--runtime", ...units);
const recorder = await startRecorder();
try {
  const floors = { node: "/usr/bin/node -e 0", true: "/bin/true" };
  const triggers = Object.entries(floors).map(([name, command]) => [
    name,
    makeFloor(name, command),
  ]);
  systemctl("daemon-reload");
  const result = {};
  for (const [name, trigger] of triggers) {
    systemctl("start", `con-bench-${name}.path`);
    result[name] = await measureFloor(name, trigger);
    systemctl("stop", `con-bench-${name}.path`);
  }
  result.cold = await measureWake(recorder.arrivals, true);
  result.warm = (await measureWake(recorder.arrivals, false)).slice(1);
  console.log(JSON.stringify(result));
} finally {
  recorder.close();
  for (const name of ["node", "true"]) {
    fs.rmSync(`/run/systemd/system/con-bench-${name}.service`, { force: true });
    fs.rmSync(`/run/systemd/system/con-bench-${name}.path`, { force: true });
    fs.rmSync(`/srv/con/bench-${name}`, { recursive: true, force: true });
  }
  systemctl("unmask", "--runtime", ...units);
  systemctl("daemon-reload");
  systemctl("start", "con-gateway.socket");
}
