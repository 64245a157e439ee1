/**
 * Desired facts about the machine, as values. `plan/` makes them, `observe.ts` looks, `diff.ts`
 * compares, `apply.ts` acts.
 */
import type { NamedEntry } from "./acl-entries.ts";

/** A user or group; realised all at once by systemd-sysusers. */
export interface PersonFact {
  readonly kind: "user" | "group";
  readonly name: string;
  readonly id: number;
  /** Supplementary groups of a user. */
  readonly groups: readonly string[];
  readonly description: string;
  readonly home: string;
}

export interface DirectoryFact {
  readonly kind: "directory";
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  /** Special bits and rwx of owner, owning group and others. */
  readonly mode: number;
  readonly named: readonly NamedEntry[];
  /** What new entries inside inherit; null = no default ACL. */
  readonly inherit: { readonly mode: number; readonly named: readonly NamedEntry[] } | null;
  /** A grant: when it changes, what already lies below gets it too. */
  readonly deep: boolean;
}

export interface FileFact {
  readonly kind: "file";
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly content: string | Uint8Array;
}

export interface LinkFact {
  readonly kind: "link";
  readonly path: string;
  readonly target: string;
}

/** A FIFO made by a socket unit: only who may ring is ours. */
export interface FifoFact {
  readonly kind: "fifo";
  readonly path: string;
  readonly mode: number;
  readonly named: readonly NamedEntry[];
}

export interface UnitFact {
  readonly kind: "unit";
  readonly name: string;
  /** Agent that it wakes, null for the system's own. */
  readonly agent: string | null;
  /** Inactive: it belongs to an agent that is held (holds.ts). */
  readonly wanted: "active" | "inactive";
}

/** The packet rules of `table inet con`, loaded as one transaction. */
export interface RulesFact {
  readonly kind: "rules";
  readonly text: string;
}

export type PathFact = DirectoryFact | FileFact | LinkFact | FifoFact;
export type Fact = PersonFact | PathFact | UnitFact | RulesFact;

/** Something that should not be, found on the machine. */
export interface Stray {
  readonly kind: "path" | "unit" | "agent-directory" | "user";
  readonly name: string;
  readonly agent: string | null;
  /** Without --prune it is only reported: it belongs to an agent that has no manifest any more. */
  readonly pruneOnly: boolean;
}
