/** Our own part of long tasks, without model and tool. `bench/context.ts` measures. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { repository } from "../../test/image/support/container.ts";
import type { BareSuite } from "../suite.ts";

interface Context {
  readonly tokenizer_load_ms: number;
  readonly compaction: {
    readonly tokens: number;
    readonly median_ms: number;
    readonly after_restart_median_ms: number;
  };
  readonly steps: readonly {
    readonly window: number;
    readonly median_ms: number;
    readonly p99_ms: number;
    readonly first_30_median_ms: number;
    readonly last_30_median_ms: number;
  }[];
}

export const context: BareSuite = {
  profile: null,
  about: "A step has two syncs: its p99 is the disk.",
  async measure() {
    const program = join(repository, "bench/context.ts");
    const text = execFileSync(process.execPath, [program], { encoding: "utf8" });
    const { compaction, steps, tokenizer_load_ms } = JSON.parse(text) as Context;
    const compacted = {
      figure: `compaction of ${compaction.tokens} tokens, without the model; after a restart`,
      measured: `${compaction.median_ms} ms; ${compaction.after_restart_median_ms} ms, and ${tokenizer_load_ms} ms to load the tokenizer`,
      ratio: "",
      target: "≤ 100 ms",
    };
    const rows = steps.map((one) => ({
      figure: `a step of 300, window of ${one.window} tokens, without model and tool`,
      measured: `${one.median_ms} ms (p99 ${one.p99_ms})`,
      ratio: `last to first 30: ${(one.last_30_median_ms / one.first_30_median_ms).toFixed(2)}`,
      target: "≤ 5 ms, flat",
    }));
    return { rows: [compacted, ...rows] };
  },
};
