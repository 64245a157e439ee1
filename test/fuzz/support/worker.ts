/** One thread that fuzzes one target. What it feeds now lies in shared memory, for the case that it hangs. */
import { parentPort, workerData } from "node:worker_threads";
import { targets } from "../targets.ts";
import { fuzz } from "./fuzz.ts";

export interface Order {
  readonly target: string;
  readonly seed: number;
  readonly count: number;
  /** The length of the input that is fed now, then the input. */
  readonly shared: SharedArrayBuffer;
}

export type Said =
  | { readonly kind: "done"; readonly inputs: number }
  | {
      readonly kind: "end";
      readonly inputs: number;
      readonly taken: number;
      readonly seconds: number;
      readonly failure: { readonly why: string; readonly input: Uint8Array } | null;
    };

const { target: name, seed, count, shared } = workerData as Order;
const target = targets.find((one) => one.name === name);
if (target === undefined) throw new Error(`no target ${name}`);
const length = new Uint32Array(shared, 0, 1);
const bytes = new Uint8Array(shared, 4);
const say = (said: Said): void => parentPort?.postMessage(said);

const found = await fuzz(target, {
  ...{ seed, count },
  about: (input) => {
    const kept = input.subarray(0, bytes.length);
    bytes.set(kept);
    length[0] = kept.length;
  },
  done: (inputs) => say({ kind: "done", inputs }),
});
say({ kind: "end", ...found });
