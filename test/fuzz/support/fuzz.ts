/**
 * Feeds one target, and makes what it fails on small. An input is slow by the CPU time of its thread, in the best of
 * five runs, so that a busy machine fails nothing.
 */
import { reasonOf } from "../../../src/system/errors.ts";
import { mutate } from "./mutate.ts";
import { createRandom, type Random } from "./random.ts";
import type { Subject, Target } from "./target.ts";

export interface Failure {
  readonly why: string;
  readonly input: Buffer;
}

export interface Fuzzed {
  readonly inputs: number;
  readonly taken: number;
  readonly seconds: number;
  readonly failure: Failure | null;
}

export interface Course {
  readonly seed: number;
  readonly count: number;
  /** Before each input: whoever watches can tell what a hang hangs on. */
  readonly about?: (input: Buffer) => void;
  readonly done?: (inputs: number) => void;
}

export async function fuzz(target: Target, course: Course): Promise<Fuzzed> {
  const subject = await target.open();
  const began = performance.now();
  const random = createRandom(course.seed);
  let taken = 0;
  let inputs = 0;
  let failure: Failure | null = null;
  try {
    for (; inputs < course.count && failure === null; inputs += 1) {
      const input = next(subject, random);
      course.about?.(input);
      const result = await attempt(target, subject, input);
      if (typeof result === "string") failure = await smallest(target, subject, input, result);
      else if (result) taken += 1;
      if (inputs % 1000 === 999) course.done?.(inputs + 1);
    }
  } finally {
    await subject.close?.();
  }
  return { inputs, taken, seconds: (performance.now() - began) / 1000, failure };
}

function next(subject: Subject, random: Random): Buffer {
  const kind = random.int(8);
  if (kind < 2) return subject.generate(random);
  if (kind < 4) return mutate(random, [subject.generate(random), ...subject.corpus.slice(0, 2)]);
  return mutate(random, subject.corpus);
}

/** What is wrong, or whether the input was taken. */
async function attempt(target: Target, subject: Subject, input: Buffer): Promise<string | boolean> {
  const { ms, msPerByte } = target.patience ?? { ms: 250, msPerByte: 0.02 };
  const most = ms + msPerByte * input.length;
  let spent = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run += 1) {
    const began = performance.now();
    const before = process.threadCpuUsage();
    let taken: boolean;
    try {
      taken = await subject.check(input);
    } catch (error) {
      return error instanceof Error ? (error.stack ?? error.message) : reasonOf(error);
    }
    // The clock of the wall is cheap to read and is never less.
    if (performance.now() - began <= most) return taken;
    const { user, system } = process.threadCpuUsage(before);
    spent = Math.min(spent, (user + system) / 1000);
    if (spent <= most) return taken;
  }
  return `it takes ${Math.round(spent)} ms for ${input.length} bytes`;
}

/** Takes parts away while the same is wrong; bounded, because a slow input stays slow. */
async function smallest(
  target: Target,
  subject: Subject,
  input: Buffer,
  why: string,
): Promise<Failure> {
  let best = input;
  let left = why.startsWith("it takes") ? 20 : 2000;
  const kind = (text: string): string =>
    text.split("\n")[0]?.replace(/\d+/g, "N").slice(0, 60) ?? "";
  for (let size = Math.ceil(best.length / 2); size >= 1 && left > 0; size = Math.floor(size / 2)) {
    for (let from = 0; from < best.length && left > 0; left -= 1) {
      const less = Buffer.concat([best.subarray(0, from), best.subarray(from + size)]);
      const result = await attempt(target, subject, less);
      if (typeof result === "string" && kind(result) === kind(why)) best = less;
      else from += size;
    }
  }
  return { why, input: best };
}
