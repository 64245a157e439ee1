/** What benchmarks know of units and inboxes: a task dropped, a runner that is provably gone, a start that was provably new. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "./recorder.mjs";

export const systemctl = (...args) => execFileSync("systemctl", args, { encoding: "utf8" });
export const property = (unit, name) => systemctl("show", unit, "-p", name, "--value").trim();

export async function until(what, condition, limitMs = 120_000, everyMs = 2) {
  const end = now() + limitMs;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (now() > end) throw new Error(`waited in vain: ${what}`);
    await sleep(everyMs);
  }
}

/** Written under a name that nobody sees, then renamed: the moment before the rename. */
export function drop(directory, name, bytes) {
  fs.writeFileSync(`${directory}/.${name}`, bytes);
  const from = now();
  fs.renameSync(`${directory}/.${name}`, `${directory}/${name}`);
  return from;
}

let dropped = 0;

/** Ends with the line that says it is whole, so that nobody waits for more. */
export function wholeTask(text) {
  const body = `${text}\n`;
  return `${body}--- end ${Buffer.byteLength(body)}\n`;
}

export function dropTask(agent, text) {
  dropped += 1;
  const name = `bench-${process.pid}-${dropped}`;
  drop(`/srv/con/agents/${agent}/inbox`, `${name}.task`, wholeTask(text));
  return name;
}

const longTaskMs = 20 * 60_000;

/** The record of what was dropped under `name`, when it is there. */
export async function recordOf(agent, name) {
  const outbox = `/srv/con/agents/${agent}/outbox`;
  const find = () =>
    fs.readdirSync(outbox).find((one) => one.startsWith(`${name}-`) && one.endsWith(".json"));
  const file = await until(`the record of ${name}`, find, longTaskMs, 20);
  return JSON.parse(fs.readFileSync(`${outbox}/${file}`, "utf8"));
}

const uidOf = (user) => Number(execFileSync("id", ["-u", user], { encoding: "utf8" }).trim());

/** Processes of a user, zombies too. */
export function processesOf(user) {
  const uid = uidOf(user);
  const isTheirs = (pid) => {
    try {
      const text = fs.readFileSync(`/proc/${pid}/status`, "utf8");
      return Number(/^Uid:\s+(\d+)/m.exec(text)[1]) === uid;
    } catch (error) {
      if (["ENOENT", "ESRCH"].includes(error.code)) return false;
      throw error;
    }
  };
  return fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name) && isTheirs(name));
}

/** Stops a unit, and waits until no process of its user is left. */
export async function end(unit, user) {
  systemctl("stop", unit);
  const isGone = () =>
    ["inactive", "failed"].includes(property(unit, "ActiveState")) &&
    processesOf(user).length === 0;
  await until(`the end of ${unit}`, isGone);
}

/** Whether the process that `unit` runs, or ran last, was started after `moment`. */
export const startedAfter = (unit, moment) =>
  Number(property(unit, "ExecMainStartTimestampMonotonic")) / 1000 >= moment;

/** Throws unless it is as said: a wake that was not cold is no measurement of one. */
export function requireStart(unit, moment, isNew) {
  if (startedAfter(unit, moment) !== isNew)
    throw new Error(`${unit} was started ${isNew ? "before" : "after"} the task was dropped`);
}
