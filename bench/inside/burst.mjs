/**
 * Runs inside the booted system, as root: drops tasks into one inbox (as fast as possible, or a fixed
 * time apart), waits for every answer, and counts what came out. The model is whatever the agent's
 * alias points to; the driver points it to a scripted server without latency.
 *
 * Arguments: AGENT COUNT GAP-MS TASK-FILE. Prints one JSON object.
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const [agent, countText, gapText, taskFile] = process.argv.slice(2);
const count = Number(countText);
const gap = Number(gapText);
const base = `/srv/con/agents/${agent}`;
const bytes = fs.readFileSync(taskFile);
const stamp = `${Date.now()}`;
const now = () => Number(process.hrtime.bigint()) / 1e6;

const answers = () =>
  fs
    .readdirSync(`${base}/outbox`)
    .filter((name) => name.startsWith(`b${stamp}-`) && name.endsWith(".response"));

const from = now();
for (let index = 0; index < count; index += 1) {
  const name = `b${stamp}-${String(index).padStart(5, "0")}.task`;
  const fd = fs.openSync(`${base}/inbox/.${name}`, "wx", 0o640);
  fs.writeSync(fd, bytes);
  fs.fsyncSync(fd);
  fs.closeSync(fd);
  fs.renameSync(`${base}/inbox/.${name}`, `${base}/inbox/${name}`);
  if (gap > 0) await sleep(gap);
}
const dropped = now();
const deadline = now() + 500_000;
while (answers().length < count && now() < deadline) await sleep(count > 500 ? 250 : 10);
const finished = now();

const seen = new Map();
for (const name of answers()) {
  const drop = name.slice(0, `b${stamp}-00000`.length);
  seen.set(drop, (seen.get(drop) ?? 0) + 1);
}
const state = (unit) =>
  execFileSync("systemctl", ["show", unit, "-p", "ActiveState", "--value"], {
    encoding: "utf8",
  }).trim();
console.log(
  JSON.stringify({
    count,
    gap_ms: gap,
    answered: seen.size,
    twice: [...seen.values()].filter((times) => times > 1).length,
    drop_ms: dropped - from,
    total_ms: finished - from,
    tasks_per_second: count / ((finished - from) / 1000),
    path_unit: state(`con@${agent}.path`),
    service: state(`con@${agent}.service`),
  }),
);
