/** What waits for a person, as it lies in /var/lib/con/approvals/ID.json. Types and limits only. */
import type { StewardRequest, StewardVerb } from "../types.ts";

/** As the kernel named them when they asked or answered. */
export interface Who {
  readonly uid: number;
  readonly name: string;
}

export interface Consent extends Who {
  /** A reviewing agent's word. */
  readonly agent?: true;
  readonly at: string;
  readonly why: string;
}

/** A call of a tool that the agent's manifest lists. All of it is the runner's word. */
export interface ToolSubject {
  readonly kind: "tool";
  readonly tool: string;
  /** Of name and canonical arguments: what runs afterwards is this call and no other. */
  readonly arguments_sha256: string;
  readonly arguments_bytes: number;
  /** The first part of the arguments, redacted. */
  readonly preview: string;
  /** Task and call that wait. */
  readonly task: string;
  readonly call: string;
}

/** A request to the steward itself, as it was made; the steward does it when it is approved. */
export interface RequestSubject {
  readonly kind: "request";
  readonly verb: StewardVerb;
  readonly request: StewardRequest;
  /** Why it needs a person: what lies beyond the requester's own ceiling. */
  readonly reasons: readonly string[];
  /** Of a proposed change only. */
  readonly proposal?: Proposed;
}

/** What the steward found when it was asked: people agree to that, and to nothing else. */
export interface Proposed {
  /** Of agent, target and every file: exactly these bytes land. */
  readonly sha256: string;
  /** Where a text differs later from `before`, the proposal is void. Null = not there. */
  readonly files: readonly {
    readonly path: string;
    readonly before: string | null;
    readonly after: string | null;
  }[];
  /** What was tried, and what came of it: one line each. */
  readonly tested: readonly string[];
}

/** More money or tokens for a task. All of it but `about` is the steward's own. */
export interface SpendSubject {
  readonly kind: "spend";
  /** Whose task. */
  readonly agent: string;
  readonly task: string;
  readonly unit: "usd" | "tokens";
  /** One slice, as the manifest said when it was asked. */
  readonly limit: number;
  /** Slices beyond the first that people had agreed to, and would have then. */
  readonly allowed: number;
  readonly slice: number;
  /** What is asked for, and what may be spent already. */
  readonly amount: number;
  readonly beyond: number;
  /** The asker's task and call that wait; of a temporary agent, not the task that is paid for. */
  readonly waiting: { readonly task: string; readonly call: string };
  /** The head of that task, in the words of the asker's runner. */
  readonly about: string;
}

export interface Approval {
  readonly version: 1;
  /** The id of the request that asked. */
  readonly id: string;
  readonly state: "pending" | "approved" | "denied" | "expired";
  /** Who asked; never one of those who approve. */
  readonly by: Who;
  /** Name of the agent that asked. */
  readonly agent: string;
  readonly asked: string;
  readonly expires: string;
  /** How many different people it takes. */
  readonly needed: number;
  readonly subject: ToolSubject | RequestSubject | SpendSubject;
  readonly approvals: readonly Consent[];
  /** How it ended; nobody's doing when it expired. */
  readonly ended: { readonly at: string; readonly by: Who | null; readonly why: string } | null;
  /** Nothing is left to do: what was approved is done, and who asked is told. */
  readonly settled: boolean;
}

/** A file beyond it is none of ours. A request has at most 64 KiB. */
export const maxApprovalBytes = 512 * 1024;
/** Of one agent at the same time: more is a fault or an attack. */
export const maxPending = 50;
/** Of one agent altogether; the oldest that ended go first. */
export const maxKept = 500;
export const defaultExpirySeconds = 24 * 3600;
