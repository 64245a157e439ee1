/** What the steward needs of the machine for temporary agents, beside `Host`. Types only. */
import type { Child, ChildOrder } from "../../host/children/types.ts";
import type { Look } from "./state.ts";

export interface ChildPort {
  /** Of each order what `parent` asks for and cannot be had, in words (config/child.ts). */
  readonly lacks: (parent: string, orders: readonly ChildOrder[]) => readonly (readonly string[])[];
  /** Whether somebody has that uid now, whoever it is. */
  readonly isUidTaken: (uid: number) => boolean;
  /** Puts the task into the child's inbox as the word of uid `giver`. May be done again. */
  readonly handOver: (child: Child, giver: number, bytes: Uint8Array) => void;
  /** Starts their runners; one that is held stays down. */
  readonly start: (names: readonly string[]) => Promise<void>;
  /** Agents whose runner is at work now. */
  readonly running: () => Promise<ReadonlySet<string>>;
  /** What lies in its folders. */
  readonly look: (child: Child) => Look;
}
