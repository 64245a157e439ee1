/** What the queue's code may touch: passed in, so that tests can break each part. */
import type { Disk } from "../system/disk.ts";
import type { Lease } from "../system/lease.ts";
import type { Log } from "../system/log.ts";
import type { ParseYaml } from "../task/front-matter.ts";
import type { Sender, Task } from "../task/task.ts";
import type { AgentPaths } from "./layout.ts";

/** Enough to send a task. */
export interface DeliverWorld {
  readonly disk: Disk;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Unpredictable. */
  readonly randomBytes: (count: number) => Uint8Array;
}

export interface Mailbox {
  readonly inbox: string;
  /** FIFO to ring after delivery; null for an agent that a path unit wakes. */
  readonly bell: string | null;
}

/** What became of a task just now, as the disk has it. */
export interface TaskNews {
  readonly state: "claimed" | "deferred" | "held" | "done" | "failed" | "cancelled";
  readonly task: Task;
  readonly why?: string;
  /** Epoch milliseconds. */
  readonly until?: number;
  /** Ids that a held task waits for. */
  readonly waitFor?: readonly string[];
}

/** Enough to run an agent's queue. */
export interface SpoolWorld extends DeliverWorld {
  readonly log: Log;
  readonly senderOf: (uid: number) => Sender;
  /** Where an agent's tasks go; null for a name that is no agent's. */
  readonly mailboxOf: (agent: string) => Mailbox | null;
  /** Null where file leases are not to be had. Called only for files without an end marker. */
  readonly lease: () => Promise<Lease | null>;
  readonly loadYaml: () => Promise<ParseYaml>;
  /** Steps that the journal of a task holds: grows exactly when an attempt got somewhere. */
  readonly progress: (id: string) => number;
  /** Hears what becomes of tasks, for the audit trail. Must not throw. */
  readonly told?: (news: TaskNews) => void;
}

/** One agent's side of the queue. */
export interface Post {
  readonly name: string;
  readonly uid: number;
  readonly paths: AgentPaths;
  /** Directories it claims from. */
  readonly inboxes: readonly string[];
  readonly trustedUids: readonly number[];
  readonly taskerUids: readonly number[];
}
