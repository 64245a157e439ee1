/** All that a plan depends on: configuration, and what only the machine can say. */

import type { Holds } from "../config/holds.ts";
import type { AgentEntry, AgentRuntime } from "../config/runtime.ts";
import type { Config } from "../config/types.ts";
import type { Gpu } from "./gpu.ts";
import type { People, ServiceGroup } from "./ids.ts";
import type { Assembled } from "./instructions.ts";
import type { Registry } from "./registry.ts";

export type { Finding } from "./finding.ts";

/** An excluded agent as it was deployed last: it keeps what it has, and others keep it in view. */
export interface Deployed {
  readonly entry: AgentEntry;
  readonly runtime: AgentRuntime;
}

/** Where a temporary agent comes from. */
export interface Lineage {
  readonly parent: string;
  /** The task of the parent that waits for it. */
  readonly task: string;
}

export interface World {
  readonly config: Config;
  /** Temporary agents, which are in `config.agents` too. */
  readonly children: ReadonlyMap<string, Lineage>;
  /** Epoch milliseconds: grants that ended before are not planned. */
  readonly now: number;
  /**
   * Directories that an earlier run granted and that are still there. They stay in the plan, so that who
   * lost a grant also loses the entries in a directory that nobody is granted any more.
   */
  readonly formerGrants: ReadonlySet<string>;
  readonly deployed: readonly Deployed[];
  readonly registry: Registry;
  readonly gids: Readonly<Record<ServiceGroup, number>>;
  readonly gatewayUid: number;
  readonly people: People;
  /** Assembled instructions and skills by agent. */
  readonly assembled: ReadonlyMap<string, Assembled>;
  /** Agents that are woken by a bell on this machine. */
  readonly bells: ReadonlySet<string>;
  /** fs.inotify.max_user_instances that `bells` was found out with. */
  readonly inotifyLimit: number;
  /** Names of credentials in /etc/con/credentials. */
  readonly credentials: ReadonlySet<string>;
  readonly network: Network;
  /** Absent in a file of an earlier version. */
  readonly gpu?: Gpu;
  /** What is stopped on purpose. */
  readonly holds: Holds;
  /** Contract files and their scripts, by path below /srv/con/contracts. */
  readonly contracts: ReadonlyMap<string, Uint8Array>;
}

/** What the packet rules can be made of, or why there are none. */
export type Network =
  | {
      readonly usable: true;
      /** Host name → addresses, sorted; a name without addresses could not be resolved. */
      readonly addresses: ReadonlyMap<string, readonly string[]>;
      readonly resolvers: readonly string[];
    }
  | { readonly usable: false; readonly why: string };
