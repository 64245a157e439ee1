/** What a call of a tool comes to. Types only. */
import type { Hold } from "../task/hold.ts";

export interface ToolResult {
  readonly ok: boolean;
  /** What the model reads. Already cut to the output limit by the tool. */
  readonly text: string;
  /** Id of the task that this call sent to another agent. */
  readonly sent?: string;
  /** A rule refused the call; `text` says the same in words. */
  readonly denial?: Denial;
  /** There is no result yet: the task waits, and what comes back becomes the result. */
  readonly hold?: Hold;
  /**
   * The text holds words that neither con nor a trusted person wrote: a page, another agent's answer, a
   * file that others may write. What the task remembers from then on is a stranger's word.
   */
  readonly untrusted?: true;
  /** What models cost that this call asked. The loop fills it in, whatever became of the call. */
  readonly usage?: ModelUsage;
}

/** In tokens and US dollars. */
export interface ModelUsage {
  readonly input: number;
  readonly output: number;
  readonly costUsd: number;
}

/** A refusal as a value; `denial.ts` makes them. */
export type DenialCode =
  /** No grant covers it. */
  | "not_granted"
  /** A grant covered it and has ended. */
  | "expired"
  /** Too many calls in the last minute. */
  | "rate"
  /** All calls that were granted are made. */
  | "used_up"
  | "approval_denied"
  | "over_budget"
  /** Nobody can be granted this path. */
  | "bad_path"
  /** The kernel said no: owner, mode, access list or mount. */
  | "kernel"
  /** The steward refused a request. */
  | "refused"
  /** It could not be found out whether it is permitted. */
  | "undecided";

export interface Denial {
  readonly code: DenialCode;
  /** e.g. `write /srv/con/artifacts/x`. */
  readonly asked: string;
  /** e.g. `can.write in /etc/con/agents.d/NAME.yaml`. */
  readonly rule: string;
  /** What to do to be permitted it, or instead. */
  readonly how: string;
}
