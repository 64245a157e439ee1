/** The queue and the loop without units, gateway and model. `bench/burst.ts` and `bench/tool-call.ts` measure. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { repository } from "../../test/image/support/container.ts";
import type { BareSuite } from "../suite.ts";

interface Burst {
  readonly tasks: number;
  readonly tasks_per_second: number;
  readonly sync_floor_ms: number;
  readonly deliver: { readonly ms_per_task: number };
  readonly claim_and_settle: { readonly ms_per_task: number; readonly syncs_per_task: number };
}

interface ToolCall {
  readonly own_ms_median: number;
  readonly own_ms_p99: number;
  readonly syncs_per_call: number;
}

const found = (program: string, ...args: string[]): unknown =>
  JSON.parse(
    execFileSync(process.execPath, [join(repository, program), ...args], { encoding: "utf8" }),
  );

export const queue: BareSuite = {
  profile: null,
  about:
    "On the disk of the temporary directory. The floor is a new file of 300 bytes with its sync.",
  async measure({ isSmall }) {
    const burst = found("bench/burst.ts", isSmall ? "20" : "500") as Burst;
    const call = found("bench/tool-call.ts") as ToolCall;
    const { ms_per_task, syncs_per_task } = burst.claim_and_settle;
    const floor = burst.sync_floor_ms;
    const row = (figure: string, ms: number, more: string, target = "") => ({
      figure,
      measured: `${ms.toFixed(2)} ms${more}`,
      ratio: (ms / floor).toFixed(2),
      target,
    });
    const rate = `, ${burst.tasks_per_second} tasks/s with both`;
    return {
      rows: [
        row("floor: a file and its sync", floor, ""),
        row("a task delivered", burst.deliver.ms_per_task, ""),
        row(`a task claimed and settled, ${syncs_per_task.toFixed(1)} syncs`, ms_per_task, rate),
        row(
          `own overhead of a tool call, ${call.syncs_per_call} syncs`,
          call.own_ms_median,
          ` (p99 ${call.own_ms_p99})`,
          "≤ 5 ms",
        ),
      ],
    };
  },
};
