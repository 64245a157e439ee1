/**
 * What contracts say of tasks that ended: where a check that names this agent held, and failed at the next look, its
 * tasks between the two looks failed, whatever their own exit codes said.
 *
 * Never: blames anybody where two principals had tasks in that time, or where the looks lie so far apart that it says
 * nothing; tells a stranger more than which contract it was. Read again, it changes nothing.
 */
import { errnoOf } from "../../system/disk.ts";
import { outcomesPath, readTurns, type Turn } from "../../system/turns.ts";
import { trustedPrincipal } from "../../task/principal.ts";
import type { Setting } from "./setting.ts";
import type { Blame } from "./store.ts";

/** Between two looks; longer ones say nothing about a single task. */
const maxWindowMs = 3_600_000;
/** Older ones have been heard of by the tasks since. */
const maxAgeMs = 24 * 3_600_000;

/** Turns that may say something; none where this agent may not look, or nothing is installed. */
export function turnsFor({ disk, agent, outcomes, now }: Setting): Turn[] {
  if (outcomes === undefined) return [];
  try {
    const turns = readTurns(disk, outcomesPath(agent.name, outcomes));
    return turns.filter(
      ({ passed, failed }) =>
        failed > passed && failed - passed <= maxWindowMs && now() - failed <= maxAgeMs,
    );
  } catch (error) {
    if (errnoOf(error) === null) throw error;
    return [];
  }
}

export const blameOf = ({ contract, message, passed, failed }: Turn): Blame => ({
  ...{ passed, failed },
  error: (principal) => {
    const told = principal === trustedPrincipal && message !== "" ? `: ${message}` : "";
    return `contract ${contract} failed afterwards${told}`;
  },
});
