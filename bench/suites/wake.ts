/** From a rename into an inbox to a model request: `bench/inside/wake.mjs` measures and proves that cold is cold. */
import { median } from "../numbers.ts";
import { type BootedSuite, timesRow } from "../suite.ts";

type Times = Readonly<Record<"node" | "true" | "cold" | "warm" | "coldest", readonly number[]>>;

export const wake: BootedSuite = {
  profile: "default",
  about:
    "In turns: two floors, a cold wake. Before each cold wake no process of the agent's user exists, and of the gateway's where it says so; after it, systemd says that the process was started after the rename.",
  async measure({ inside, runs }) {
    const found = await inside("wake", "concierge", String(runs), "/run/bench/task");
    const times = found as Times;
    const floor = median(times.node);
    const row = (figure: string, values: readonly number[], target = "") =>
      timesRow(figure, values, floor, target);
    return {
      rows: [
        row("floor: same hardened unit, `/bin/true`, rename → exit", times.true),
        row("floor: same hardened unit, `node -e 0`, rename → exit", times.node),
        row("cold wake: rename → model request at the gateway", times.cold, "≤ 1.4×"),
        row("cold wake, cold gateway: rename → request at the provider", times.coldest),
        row("warm wake: rename → model request at the gateway", times.warm, "≤ 10 ms"),
      ],
    };
  },
};
