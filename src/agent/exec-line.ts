/** What the journal has of a program that does a task in place of the loop. Pure. */
import type { Tally } from "../task/task.ts";
import type { ModelUsage } from "../tools/result.ts";
import { withUsage } from "./usage.ts";

export interface ExecLine {
  readonly kind: "exec";
  /** `said`: lines of its standard error. `call`: a model answered it. */
  readonly event: "start" | "said" | "call" | "end";
  readonly text: string;
  /** Of a call. */
  readonly model?: string;
  readonly usage?: ModelUsage;
  readonly at: string;
}

/** Never counts as progress: the next attempt starts the program anew. */
export const withExec = (tally: Tally, { event, model, usage }: ExecLine): Tally =>
  event === "call"
    ? { ...withUsage(tally, usage), model: model ?? tally.model, steps: tally.steps + 1 }
    : tally;
