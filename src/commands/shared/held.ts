/** What is stopped on purpose, as commands show it. Reads only. */

import { type Hold, type Holds, holdOf, noHolds, readHolds } from "../../config/holds.ts";
import type { AgentEntry } from "../../config/runtime.ts";
import { isDenied } from "./access.ts";

/** In JSON of `con agent` and `con status`: public interface, change only by adding. */
export interface Held {
  readonly kind: Hold["kind"];
  readonly by: string;
  readonly at: string;
  readonly why: string;
  /** The command that ends it. */
  readonly undo: string;
}

/** In con dev nothing holds. Where the caller may not look, nothing is shown as held. */
export function holdsOf(dev: boolean): Holds {
  if (dev) return noHolds;
  try {
    return readHolds();
  } catch (error) {
    if (isDenied(error)) return noHolds;
    throw error;
  }
}

export function heldBy(holds: Holds, agent: AgentEntry): Held | null {
  const hold = holdOf(holds, agent);
  if (hold === null) return null;
  const { kind, by, at, why } = hold;
  const undo = kind === "halted" ? "con resume" : `con agent resume ${agent.name}`;
  return { kind, by: by.name, at, why, undo };
}
