/** What the steward may touch: passed in, so that tests can break each part. Types only. */
import type { Converged, Filter } from "../host/converge.ts";
import type { ChainRecord } from "../system/chain.ts";
import type { Disk } from "../system/disk.ts";
import type { Log } from "../system/log.ts";
import type { StewardPlaces } from "./places.ts";
import type { Requester } from "./policy.ts";

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
  /** Adds a line to the chain of actions; durable when it returns. */
  readonly record: (entry: ChainRecord) => void;
  readonly host: Host;
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
  /** Lets con-sweep.service start the agents that have work waiting. */
  readonly sweep: () => Promise<void>;
}
