/** Goes through agents and lets everybody else have a turn between two of them. Keeps nothing. */
import { setImmediate as turn } from "node:timers/promises";

/** What `look` makes of each of `all`, until `signal` aborts: then nobody waits for it any more. */
export async function eachInTurn<T, R>(
  all: readonly T[],
  signal: AbortSignal,
  look: (one: T) => readonly R[],
): Promise<R[]> {
  const found: R[] = [];
  for (const one of all) {
    if (signal.aborted) break;
    found.push(...look(one));
    await turn();
  }
  return found;
}
