/**
 * Runs in the container as a unit: every few seconds SIGKILL to one process of ours, the kind of unit drawn first, so
 * that rare ones have their turn. Ends by itself; writes each kill as a line of JSON.
 *
 * Usage: node killer.mts OUTPUT SEED SECONDS
 */
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { drawer } from "./drawer.mts";
import { type Process, processes } from "./processes.mts";

const [output = "", seed = "1", seconds = "0"] = process.argv.slice(2);
const ours = /^con(@|-(?!test-))/;

const draw = drawer(Number(seed));
const oneOf = <T,>(list: readonly T[]): T | undefined => list[Math.floor(draw() * list.length)];

function kill({ pid, unit, command }: Process): void {
  try {
    process.kill(pid, "SIGKILL");
    fs.appendFileSync(output, `${JSON.stringify({ at: Date.now(), unit, command })}\n`);
  } catch (error) {
    // It was faster.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

fs.writeFileSync(output, "");
const end = Date.now() + Number(seconds) * 1000;
while (Date.now() < end) {
  await sleep(500 + draw() * 4_000);
  const all = processes().filter(({ unit }) => ours.test(unit));
  const unit = oneOf([...new Set(all.map((one) => one.unit))].sort());
  const victim = oneOf(all.filter((one) => one.unit === unit));
  if (victim !== undefined) kill(victim);
}
