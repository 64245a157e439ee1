/**
 * Many inputs on several threads. A thread that says nothing for long enough hangs: it is ended, and the input that it
 * was fed is what is reported. Never: takes a slow machine for a hang; the time is for a thousand inputs.
 */
import { Worker } from "node:worker_threads";
import type { Target } from "./target.ts";
import type { Order, Said } from "./worker.ts";

const silenceMs = 600_000;
const sharedBytes = 4 + 64 * 1024;

export interface Failed {
  readonly why: string;
  readonly input: Uint8Array;
  readonly seed: number;
}

export interface Result {
  readonly inputs: number;
  readonly taken: number;
  /** Of the slowest thread. */
  readonly seconds: number;
  readonly failed: readonly Failed[];
}

export interface Load {
  readonly seed: number;
  readonly count: number;
  readonly threads: number;
  readonly progress: (inputs: number) => void;
}

export async function fuzzInThreads(target: Target, load: Load): Promise<Result> {
  const done = new Map<number, number>();
  const each = Math.ceil(load.count / load.threads);
  const seeds = Array.from({ length: load.threads }, (_, at) => load.seed * 1000 + at);
  const tell = (seed: number) => (inputs: number) => {
    done.set(seed, inputs);
    load.progress([...done.values()].reduce((sum, one) => sum + one, 0));
  };
  const ends = await Promise.all(
    seeds.map((seed) => oneThread(target.name, seed, each, tell(seed))),
  );
  return {
    inputs: ends.reduce((sum, { inputs }) => sum + inputs, 0),
    taken: ends.reduce((sum, { taken }) => sum + taken, 0),
    seconds: Math.max(...ends.map(({ seconds }) => seconds)),
    failed: ends.flatMap(({ failure }, at) =>
      failure === null ? [] : [{ ...failure, seed: seeds[at] ?? 0 }],
    ),
  };
}

type End = Extract<Said, { kind: "end" }>;

function oneThread(
  target: string,
  seed: number,
  count: number,
  tell: (inputs: number) => void,
): Promise<End> {
  const shared = new SharedArrayBuffer(sharedBytes);
  const order: Order = { target, seed, count, shared };
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: order });
  const fed = (): Uint8Array =>
    Uint8Array.from(new Uint8Array(shared, 4, new Uint32Array(shared, 0, 1)[0]));
  const began = performance.now();
  let inputs = 0;
  return new Promise((resolve, reject) => {
    const over = (why: string): void => {
      const seconds = (performance.now() - began) / 1000;
      resolve({ kind: "end", inputs, taken: 0, seconds, failure: { why, input: fed() } });
    };
    const hangs = (): void => {
      void worker.terminate();
      over(`it hangs: nothing for ${silenceMs / 1000} s`);
    };
    let watch = setTimeout(hangs, silenceMs);
    worker.on("message", (said: Said) => {
      clearTimeout(watch);
      if (said.kind === "end") return resolve(said);
      inputs = said.inputs;
      watch = setTimeout(hangs, silenceMs);
      tell(inputs);
    });
    worker.on("error", (error: Error) => {
      clearTimeout(watch);
      if (inputs === 0 && new Uint32Array(shared, 0, 1)[0] === 0) reject(error);
      else over(error.stack ?? error.message);
    });
  });
}
