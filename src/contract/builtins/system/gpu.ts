/** `gpu_present`: device nodes of graphics processors. Opens none. */
import { join } from "node:path";
import { namesIn } from "../../../system/disk.ts";
import type { BuiltinCheck } from "../../types.ts";
import { judge, numberIn, skipped } from "../con/verdicts.ts";

/** `dev` is /dev everywhere but in tests. */
export const gpuPresent =
  (dev: string): BuiltinCheck =>
  async (args) => {
    const least = numberIn(args, "min", 1);
    if (least === 0) return skipped("no GPU is asked for");
    const nvidia = namesIn(dev).filter((name) => /^nvidia\d+$/.test(name));
    const render = namesIn(join(dev, "dri")).filter((name) => /^renderD\d+$/.test(name));
    // An NVIDIA card may have a node of both kinds.
    const seen = Math.max(nvidia.length, render.length, namesIn(dev).includes("kfd") ? 1 : 0);
    const found = `${seen} GPU device${seen === 1 ? "" : "s"} in ${dev}, at least ${least} wanted`;
    const remedy = "start the container with its devices: make run GPU=1";
    return judge(seen >= least ? [] : [{ found, key: "no GPU", remedy }], found);
  };
