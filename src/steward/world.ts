/** What the steward may touch: passed in, so that tests can break each part. Types only. */

import type { AgentRuntime, Payer } from "../config/runtime.ts";
import type { FileRead } from "../host/agent-file.ts";
import type { Failure } from "../host/apply.ts";
import type { Converged, Filter } from "../host/converge.ts";
import type { KeptText } from "../host/retire.ts";
import type { Mailbox } from "../spool/world.ts";
import type { ChainRecord } from "../system/chain.ts";
import type { Disk } from "../system/disk.ts";
import type { Log } from "../system/log.ts";
import type { ChildPort } from "./children/world.ts";
import type { LayerPort } from "./layers/world.ts";
import type { StewardPlaces } from "./places.ts";
import type { Requester } from "./policy.ts";

/** What was tried, a line each, or why it cannot be. */
export type Tried =
  | { readonly ok: true; readonly lines: readonly string[] }
  | { readonly ok: false; readonly why: string };

export interface StewardWorld {
  readonly disk: Disk;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Unpredictable. */
  readonly randomBytes: (count: number) => Uint8Array;
  readonly log: Log;
  readonly places: StewardPlaces;
  /** As the user database says at this moment: who left group trusted asks in vain. */
  readonly requester: (uid: number) => Requester;
  /** Agents that are deployed now. */
  readonly agents: () => readonly Agent[];
  /** An agent as root compiled it; null for one that is not deployed. */
  readonly runtime: (agent: string) => AgentRuntime | null;
  readonly frontDesk: () => string;
  /** Whether a directory of an agent of that name lies on the disk. */
  readonly hasData: (agent: string) => boolean;
  /** A file of an agent, `path` relative to its directory. Follows no link; larger than `most` is none. */
  readonly agentFile: (agent: Agent, path: string, most: number) => FileRead;
  /**
   * Looks once at a contract that `agent` proposes about itself as `name`, without running anything of it: what was
   * found, or why it cannot be one.
   */
  readonly tryContract: (contract: {
    readonly agent: string;
    readonly name: string;
    readonly file: string;
    readonly text: string;
  }) => Promise<Tried>;
  /** Where an agent gets tasks; null for one that is not deployed. */
  readonly mailboxOf: (agent: string) => Mailbox | null;
  /** Adds a line to the chain of actions; durable when it returns. */
  readonly record: (entry: ChainRecord) => void;
  readonly host: Host;
  readonly spending: Spending;
  /** Temporary agents, beside what `host` does for them. */
  readonly children: ChildPort;
  /** Packages for forged tools. */
  readonly layers: LayerPort;
}

/** What it takes to let a task spend more. */
export interface Spending {
  /**
   * Tells the gateway, as root, how many slices of its limit a task may spend beyond the first. Null when it
   * holds and is durable, else why never. Throws `ConError` 75 while the gateway is away.
   */
  readonly allow: (allowance: Allowance) => Promise<string | null>;
  /** Agents above a temporary one, with the task of each that waits. */
  readonly payersOf: (agent: string) => readonly Pick<Payer, "name" | "task">[];
  /** Whether an agent has a task of that id which has not ended. */
  readonly hasTask: (agent: string, task: string) => boolean;
}

export interface Allowance {
  readonly agent: string;
  readonly task: string;
  readonly unit: "usd" | "tokens";
  readonly slices: number;
}

export interface Agent {
  readonly name: string;
  readonly tier: string;
  readonly uid: number;
}

/** What is done to the machine itself. */
export interface Host {
  /** Stops what wakes the agents that `concerned` names, then their runners. Needs no disk. */
  readonly stop: (concerned: (agent: string) => boolean) => Promise<void>;
  /** SIGKILL to the whole control group of an agent's runner. */
  readonly kill: (agent: string) => Promise<"killed" | "nothing ran" | "still there">;
  /** SIGKILL to every process of that uid, wherever it is; returns how many there were. */
  readonly killStrays: (uid: number) => number;
  readonly converge: (filter: Filter) => Promise<Converged>;
  /**
   * Brings the machine into the state that /etc/con describes. What `agent` has and is not described any
   * more goes too. `trouble`: why it does not hold for `agent`, in words.
   */
  readonly bootstrap: (agent: string) => Promise<Applied>;
  /** Ends what it runs, moves its directory to the archive, `texts` beside it, and removes its user. */
  readonly remove: (
    agent: string,
    archive: string,
    texts: readonly KeptText[],
  ) => Promise<readonly Failure[]>;
  /**
   * Makes the machine follow the records of temporary agents, all in one go, from what the latest bootstrap
   * accepted; starts none of them. Failures that concern one of `names` carry its name, or null.
   */
  readonly spawnChildren: (names: readonly string[]) => Promise<readonly Failure[]>;
  /**
   * Ends them and leaves nothing: files in directories they were granted go to the parent. May be done again.
   * Who is named in no failure is gone, and its uid free.
   */
  readonly removeChildren: (gone: readonly GoneChild[]) => Promise<readonly Failure[]>;
  readonly install: (packages: readonly string[]) => Promise<Installed>;
  /** Lets con-sweep.service start the agents that have work waiting. */
  readonly sweep: () => Promise<void>;
}

export interface GoneChild {
  readonly name: string;
  readonly uid: number;
  /** The agent that made it. */
  readonly parent: string;
}

export interface Applied {
  readonly changes: readonly string[];
  readonly trouble: string | null;
}

export interface Installed {
  /** Those of them that may be installed here at all. */
  readonly allowed: readonly string[];
  readonly changes: readonly string[];
  readonly trouble: string | null;
}
