/** The part `fuzz` of the proof: a million inputs for each target, on as many threads as there are cores. */
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Target } from "../../fuzz/support/target.ts";
import { type Failed, fuzzInThreads } from "../../fuzz/support/threads.ts";
import { targets } from "../../fuzz/targets.ts";
import type { Figure, Part, PartContext } from "../part.ts";

const full = 1_000_000;

async function run(context: PartContext) {
  const figures: Figure[] = [];
  const notes: string[] = [
    "An input is made from good ones by one to six changes, or by the grammar or schema; none is larger than 64 KiB.",
    "What is taken is held against the schema with a validator of its own and goes round once where there is a way back.",
  ];
  for (const target of targets) {
    const { figure, failed } = await one(target, context);
    figures.push(figure);
    notes.push(...failed.map((failure) => noteOf(target, failure)));
  }
  return { figures, notes };
}

async function one(
  target: Target,
  { progress, seed, scale }: PartContext,
): Promise<{ readonly figure: Figure; readonly failed: readonly Failed[] }> {
  const count = Math.max(1000, Math.round(full * scale));
  let next = count / 10;
  const { inputs, taken, seconds, failed } = await fuzzInThreads(target, {
    ...{ seed, count, threads: availableParallelism() },
    progress: (done) => {
      if (done < next) return;
      next += count / 10;
      progress(`${target.name}: ${done} of ${count}`);
    },
  });
  const rate = Math.round(inputs / seconds);
  const share = ((100 * taken) / inputs).toFixed(1);
  return {
    figure: {
      what: `${target.name}: inputs, of which ${share} % were taken; ${rate} per second; failures ${failed.length}`,
      value: inputs,
      target: `at least ${count.toLocaleString("en")}, without a failure`,
      ok: failed.length === 0 && inputs >= count,
    },
    failed,
  };
}

/** Kept beside the cache of the build, because the part's own directory goes. */
function noteOf({ name }: Target, { why, input, seed }: Failed): string {
  const directory = join(import.meta.dirname, "../../../.cache/fuzz");
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `${name}-${seed}`);
  writeFileSync(path, input);
  const shown = JSON.stringify(Buffer.from(input).toString("latin1").slice(0, 400));
  return `${name}, seed ${seed}: ${why.split("\n")[0]}; the input lies in .cache/fuzz/${name}-${seed}: ${shown}`;
}

export const part: Part = {
  name: "fuzz",
  claim: "No input makes a reader of con crash, hang, or take what its schema refuses.",
  run,
};
