/** What a parent asks for when it wants a temporary agent. Types only. */
import type { Agent, Role } from "./types.ts";

/** Lists that narrow what role and parent leave; a list that is absent narrows nothing. */
export type Narrowed = Partial<
  Record<"task" | "read" | "write" | "network" | "tools" | "models", readonly string[]>
>;

/** What is asked for one child. */
export interface ChildOrder {
  readonly role: string;
  /** The task, complete in itself. */
  readonly goal: string;
  /** Earlier findings: data for the child, never instructions. */
  readonly findings: string | null;
  readonly can: Narrowed;
  /** Calls of tools that are bounded at the parent, which has counted them as its own already. */
  readonly share: Readonly<Record<string, number>>;
  /** What it may spend altogether; null = only what its ancestors may. */
  readonly usd: number | null;
  readonly tokens: number | null;
}

export interface ChildOf {
  readonly name: string;
  readonly parent: Agent;
  /** The one that `order` names. */
  readonly role: Role;
  readonly order: ChildOrder;
  /** Epoch milliseconds. */
  readonly now: number;
}
