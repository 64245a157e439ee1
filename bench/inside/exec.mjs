/**
 * Runs inside the booted system, as root: how long an agent whose runner is a program takes from a rename into its inbox to
 * the answer in its outbox, cold and lingering, against systemd-run with the same program, in turns. Before each cold run
 * no process of its user exists, and systemd says that the process was started after the rename.
 *
 * Arguments: AGENT RUNS PROGRAM. Prints one JSON object, milliseconds.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { now } from "./recorder.mjs";
import { drop, end, requireStart, until, wholeTask } from "./wakes.mjs";

const [agent, runsText, program] = process.argv.slice(2);
const home = `/srv/con/agents/${agent}`;
const service = `con@${agent}.service`;
const times = { floor: [], cold: [], warm: [] };
const input = wholeTask("benchmark");

const bare = ["systemd-run", "--quiet", "--wait", "--pipe", program];

function floor() {
  const from = now();
  const done = spawnSync(bare[0], bare.slice(1), { input });
  if (done.status !== 0) throw new Error(`the floor: ${done.status} ${done.stderr}`);
  return now() - from;
}

let dropped = 0;

async function answered(isCold) {
  dropped += 1;
  const name = `exec-${dropped}`;
  const from = drop(`${home}/inbox`, `${name}.task`, input);
  await until("an answer", () =>
    fs.readdirSync(`${home}/outbox`).some((one) => {
      return one.startsWith(`${name}-`) && one.endsWith(".response");
    }),
  );
  const took = now() - from;
  requireStart(service, from, isCold);
  return took;
}

for (let run = 0; run < Number(runsText); run += 1) {
  times.floor.push(floor());
  await end(service, `a-${agent}`);
  times.cold.push(await answered(true));
  times.warm.push(await answered(false));
}
console.log(JSON.stringify(times));
