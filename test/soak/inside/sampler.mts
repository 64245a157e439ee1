/**
 * Runs in the container as a unit: a line of JSON for each look at the memory and descriptors of all processes, by
 * unit, and now and then at disk and inodes. Ends with its unit.
 *
 * Usage: node sampler.mts OUTPUT GAP-MS
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { processes, type Use, useOf } from "./processes.mts";

const [output = "", gap = "2000"] = process.argv.slice(2);

/** What lies below may go while it is counted. */
function du(directory: string, ...flags: string[]): number {
  try {
    const argv = ["-s", "-x", ...flags, directory];
    const text = execFileSync("du", argv, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return Number.parseInt(text, 10);
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    return Number.parseInt(stdout ?? "", 10);
  }
}

function byUnit(): Record<string, Use & { count: number }> {
  const units: Record<string, Use & { count: number }> = {};
  for (const one of processes()) {
    const use = useOf(one);
    if (use === null) continue;
    const { rss, pss, anon, descriptors, count } = units[one.unit] ?? {
      ...{ rss: 0, pss: 0, anon: 0, descriptors: 0, count: 0 },
    };
    units[one.unit] = {
      rss: rss + use.rss,
      pss: pss + use.pss,
      anon: anon + use.anon,
      descriptors: descriptors + use.descriptors,
      count: count + 1,
    };
  }
  return units;
}

for (let index = 0; ; index += 1) {
  const line: Record<string, unknown> = { at: Date.now(), units: byUnit() };
  if (index % 5 === 0) {
    line["disk"] = {
      data: du("/srv/con", "--block-size=1K"),
      inodes: du("/srv/con", "--inodes"),
      state: du("/var/lib/con", "--block-size=1K"),
      journal: du("/var/log/journal", "--block-size=1K"),
      // Without what this program writes.
      run: du("/run", "--block-size=1K", "--exclude=/run/soak"),
    };
  }
  fs.appendFileSync(output, `${JSON.stringify(line)}\n`);
  await sleep(Number(gap));
}
