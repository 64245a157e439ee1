/** A shell script as an agent's runner, against systemd-run of the same script. `bench/inside/exec.mjs` measures. */
import { median } from "../numbers.ts";
import { type BootedSuite, timesRow } from "../suite.ts";
import { addAgent } from "./tools.ts";

const program = "/usr/local/lib/bench-answer";

type Times = Readonly<Record<"floor" | "cold" | "warm", readonly number[]>>;

export const exec: BootedSuite = {
  profile: "default",
  about: "Cold is proved as for the wakes. An answer is there when its file is.",
  async measure(world) {
    await world.container.copyIn(program, "#!/bin/sh\ncat >/dev/null\necho done\n", 0o755);
    await addAgent(world, `runner: {exec: [${program}]}`);
    const args = ["bench", String(world.runs), program];
    const times = (await world.inside("exec", ...args)) as Times;
    const floor = median(times.floor);
    return {
      rows: [
        timesRow("floor: `systemd-run --wait --pipe` of the script", times.floor, floor),
        timesRow("cold: rename of the task → answer of the script", times.cold, floor),
        timesRow("warm: rename of the task → answer of the script", times.warm, floor),
      ],
    };
  },
};
