/** Which contracts it is time for. Pure. A clock that went backwards makes a contract due, never late. */
import type { Contract } from "./types.ts";

/** Half an interval early is on time: a timer that fires a little soon must not skip a turn. */
export function dueContracts(
  contracts: readonly Contract[],
  lastStarted: ReadonlyMap<string, number>,
  nowMs: number,
  intervalSeconds: number,
): Contract[] {
  const earlyMs = (intervalSeconds * 1000) / 2;
  return contracts.filter(({ id, everySeconds, manual }) => {
    if (manual) return false;
    const last = lastStarted.get(id);
    if (everySeconds === null || last === undefined || last > nowMs) return true;
    return nowMs - last + earlyMs >= everySeconds * 1000;
  });
}
