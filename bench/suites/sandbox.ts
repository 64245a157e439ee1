/**
 * A trivial program in a throw-away sandbox, from the socket to its result, as root, against a bare transient unit with a
 * dynamic user in the same run. `bench/inside/sandbox.mjs` measures.
 */
import { median } from "../numbers.ts";
import { type BootedSuite, timesRow } from "../suite.ts";

type Times = Readonly<
  Record<"floor" | "node" | "python" | "shell" | "nodeStart", readonly number[]>
>;

export const sandbox: BootedSuite = {
  profile: "default",
  about: "Ratios are against both floors together: the program that makes the sandbox is a Node.",
  async measure({ inside, runs }) {
    const times = (await inside("sandbox", String(runs))) as Times;
    const floor = median(times.floor) + median(times.nodeStart);
    const run = (language: "python" | "node" | "shell") => {
      const what = `nothing in ${language}, socket → result`;
      return timesRow(what, times[language], floor, "≤ 150 ms");
    };
    return {
      rows: [
        timesRow("floor: `systemd-run --wait -p DynamicUser=yes true`", times.floor, floor),
        timesRow("floor: `node -e 0`", times.nodeStart, floor),
        ...[run("shell"), run("python"), run("node")],
      ],
    };
  },
};
