/**
 * What a task is, as values. Pure: no I/O, no clock, no imports from other layers.
 *
 * A task has two halves that never mix: what the sender wrote (`Request`, untrusted text) and what
 * the kernel said about the file (`Origin`: owner, size, times). Trust is computed from the
 * second half only.
 */

import type { CheckResult, DoneWhen } from "./done-when/types.ts";
import type { CallHold } from "./hold.ts";

export type Trust = "verified" | "unverified";
export type Priority = "low" | "normal" | "high";

/** What the sender wrote: decoded front matter and body. */
export interface Request {
  readonly text: string;
  readonly thread: string | null;
  /** Id of the task that this one answers. */
  readonly replyTo: string | null;
  /** A word in between, not the answer. */
  readonly interim: boolean;
  readonly priority: Priority;
  /** RFC 3339 time after which nobody wants the answer any more. */
  readonly deadline: string | null;
  /** Absolute paths. Never opened by the queue. */
  readonly attachments: readonly string[];
  /** Agents that this request already passed through; the sender's runner counts them. */
  readonly hops: number;
  /** Names of the agents that it passed through, oldest first, as the sender's runner wrote them. */
  readonly via: readonly string[];
  /** For whom of its own senders an agent asks, as its runner wrote it; counts only from an agent (principal.ts). */
  readonly behalf: string | null;
  /** Set on control files only: act on that earlier task instead of running this one. */
  readonly control: Control | null;
  /** What must hold before the task counts as done; null = the answer alone is enough. */
  readonly doneWhen: DoneWhen | null;
  /** Unknown front matter keys: kept and shown, never interpreted. */
  readonly extra: Readonly<Record<string, unknown>>;
}

export interface Control {
  readonly verb: "cancel" | "retry";
  readonly id: string;
}

export interface Sender {
  readonly uid: number;
  /** User name of the uid, or `uid-N` where the machine has no name for it. */
  readonly name: string;
  /** Agent name when the uid is one of this system's agents. */
  readonly agent: string | null;
}

/** What the kernel said about the file, taken from the descriptor that was read. */
export interface Origin {
  readonly from: Sender;
  readonly trust: Trust;
  /** RFC 3339, the arrival of the file. */
  readonly receivedAt: string;
  /** Bytes of the file as dropped. */
  readonly size: number;
  /** Set when the file was made elsewhere and moved here: then its owner may not be who sent it. */
  readonly moved?: true;
}

/** A task that lies in the private queue: nobody but the agent's runner can change it any more. */
export interface Task extends Origin {
  readonly id: string;
  readonly request: Request;
}

export type Status = "done" | "failed" | "cancelled";

export interface Usage {
  readonly input: number;
  readonly output: number;
}

/** What a run used; sums over all attempts of the task. */
export interface Tally {
  readonly model: string | null;
  readonly steps: number;
  readonly tokens: Usage;
  readonly costUsd: number;
  /** Ids of the tasks that this one sent to other agents. */
  readonly children: readonly string[];
}

export const emptyTally: Tally = {
  model: null,
  steps: 0,
  tokens: { input: 0, output: 0 },
  costUsd: 0,
  children: [],
};

/** How an attempt ended. Only `done`, `failed` and `cancelled` are final. */
export type Outcome =
  | {
      readonly kind: "done";
      readonly answer: string;
      readonly tally: Tally;
      /** Completion checks as they were made last; absent where none was. */
      readonly checks?: readonly CheckResult[];
    }
  | {
      readonly kind: "failed";
      readonly why: string;
      readonly answer: string;
      readonly tally: Tally;
      readonly checks?: readonly CheckResult[];
    }
  | { readonly kind: "cancelled"; readonly by: string; readonly tally: Tally }
  | {
      readonly kind: "defer";
      readonly why: string;
      /** Earliest useful retry in epoch ms when the cause names one (Retry-After, budget reset). */
      readonly notBefore: number | null;
      readonly tally: Tally;
    }
  | HeldOutcome;

/** Calls of the latest turn wait for something; their intents stay open in the journal. */
export interface HeldOutcome {
  readonly kind: "held";
  /** Each call that still waits; never empty. */
  readonly holds: readonly CallHold[];
  /** All ids that are waited for. */
  readonly waitFor: readonly string[];
  /** The earliest time at which one of them gives up, epoch milliseconds. */
  readonly until: number;
  readonly why: string;
  readonly tally: Tally;
}

/** `outbox/ID.json`: keys are public interface (snake_case on disk), change only by adding. */
export interface TaskRecord {
  readonly id: string;
  readonly agent: string;
  readonly status: Status;
  readonly from: { readonly uid: number; readonly name: string };
  readonly trust: Trust;
  readonly attempts: number;
  readonly received_at: string;
  readonly started_at: string;
  readonly finished_at: string;
  readonly model: string | null;
  readonly steps: number;
  readonly tokens: Usage;
  readonly cost_usd: number;
  readonly error: string | null;
  readonly children: readonly string[];
  readonly thread: string | null;
  /** Completion checks as they were made last; null without any. */
  readonly checks: readonly CheckResult[] | null;
}
