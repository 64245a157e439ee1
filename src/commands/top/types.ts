/** What `con top` knows at one moment. Keys of `--json`: public interface, change only by adding. Types only. */

import type { Held } from "../shared/held.ts";
import type { AgentState } from "../shared/overview.ts";
import type { Spend } from "../shared/spend.ts";

/** What the caller may not see, and what the kernel does not say, is null. */
export interface Turn {
  /** RFC 3339. */
  readonly at: string;
  readonly system: {
    readonly name: string;
    readonly isolation: "kernel" | "none";
    readonly state: string;
  };
  readonly gateway: { readonly state: string };
  /** What `con halt` stopped. */
  readonly halted: "agents" | "workers" | null;
  readonly spend: Spend | null;
  readonly machine: Machine;
  /** Of all agents; tasks as far as the caller may look. */
  readonly totals: Tasks & { readonly agents: number; readonly working: number };
  /** Who does most stands first. */
  readonly agents: readonly Row[];
}

export interface Machine {
  /** Averages of 1, 5 and 15 minutes. */
  readonly load: readonly number[];
  readonly cores: number;
  readonly memory_bytes: number;
  readonly memory_available_bytes: number;
}

export interface Tasks {
  readonly pending: number | null;
  readonly active: number | null;
  readonly deferred: number | null;
  readonly held: number | null;
}

export interface Row extends Tasks, Use {
  readonly name: string;
  readonly tier: string;
  readonly parent: string | null;
  readonly state: AgentState | Held["kind"];
  readonly hold: Held | null;
  /** What it works on; null = nothing, or not to be seen. */
  readonly task: Work | null;
  /** What it did last, from the record of what agents do: `shell ok`. */
  readonly step: string | null;
  readonly spend: Spend | null;
}

export interface Work {
  readonly id: string;
  /** RFC 3339: when it was taken up; null = unknown. */
  readonly since: string | null;
}

/** Of its unit, and of nothing else: what runs in a sandbox of its own is not counted. */
export interface Use {
  /** CPU time since the unit started. */
  readonly cpu_usec: number | null;
  /** Of one core, since the turn before; null in the first. */
  readonly cpu_pct: number | null;
  readonly memory_bytes: number | null;
}
