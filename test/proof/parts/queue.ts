/** The part `queue` of the proof: sequences of everything that may happen to a queue, against a small model. */
import { reasonOf } from "../../../src/system/errors.ts";
import { checkSequences } from "../../crash/queue/property.ts";
import type { Part, PartContext } from "../part.ts";

const full = 20_000;

async function run({ progress, seed, scale }: PartContext) {
  const count = Math.max(100, Math.round(full * scale));
  const target = `at least ${count.toLocaleString("en")}, every task accounted for`;
  const what = "sequences of senders, floods, cuts, clock jumps, retries, cancels, deferrals";
  const note =
    "Cut: killed, power lost with what was not synced kept in part, or an error of the disk.";
  try {
    const seen = await checkSequences(count, seed, (done) => progress(`${done} of ${count}`));
    const figures = [
      { what, value: seen.sequences, target, ok: seen.sequences >= count },
      { what: "tasks that ended in them", value: seen.tasks, ok: true },
      { what: "times that the machine was cut in them", value: seen.cuts, ok: true },
      ...[...seen.ends].map(([status, times]) => ({
        what: `of the tasks: ${status}`,
        value: times,
        ok: true,
      })),
    ];
    return { figures, notes: [note] };
  } catch (error) {
    const figures = [{ what, value: "a task is not accounted for", target, ok: false }];
    return { figures, notes: [note, reasonOf(error).slice(0, 2000)] };
  }
}

export const part: Part = {
  name: "queue",
  claim:
    "Whatever happens to a queue in whatever order, each task that was taken ends exactly once.",
  run,
};
