/**
 * Incidents: one for each check that fails, from one evaluation to the next. Pure; the clock and chance
 * are passed in, what follows is returned and done by others.
 *
 * An incident is never written off because nobody could be told or asked: that stays due. A check that
 * was not made, or skipped because another contract fails, leaves its incident as it is. There is at
 * most one incident for each check, so the state does not grow.
 */

import { actionDue, type Escalation, escalationDue, type WantedAction } from "./incident/due.ts";
import { badPrefix, badResults, checkKey } from "./incident/failure.ts";
import {
  begin,
  close,
  type Event,
  follow,
  isForgotten,
  type Step,
  unchanged,
} from "./incident/follow.ts";
import { skippedTooLong } from "./incident/intervals.ts";
import { notAhead } from "./incident/mark.ts";
import type { ContractSet, Incident, Result } from "./types.ts";

export type { Escalation, WantedAction } from "./incident/due.ts";
export { withAction, withEscalation } from "./incident/mark.ts";

export interface Advance {
  /** All that is to be kept, closed ones of the last hour included. */
  readonly incidents: readonly Incident[];
  readonly opened: readonly Incident[];
  readonly reopened: readonly Incident[];
  readonly closed: readonly Incident[];
  /** Still failing, but of something else. */
  readonly changed: readonly Incident[];
  /** To be asked of the steward; `withAction` once that is done. */
  readonly actions: readonly WantedAction[];
  /** To be delivered; `withEscalation` once that is done. */
  readonly escalations: readonly Escalation[];
}

export interface AdvanceWorld {
  readonly set: ContractSet;
  /** Unpredictable. */
  readonly randomBytes: (count: number) => Uint8Array;
}

/** `results`: of the checks that were made in this evaluation. Unusable files are added from `set`. */
export function advance(
  incidents: readonly Incident[],
  results: readonly Result[],
  now: number,
  world: AdvanceWorld,
): Advance {
  const made = new Map<string, Result>(
    [...results, ...badResults(world.set.bad, now)].map((result) => [checkKey(result), result]),
  );
  const past = incidents.map((incident) => notAhead(incident, now));
  const kept = past.filter((incident) => !isForgotten(incident, now));
  const known = new Set(kept.map(checkKey));
  const steps = [
    ...kept.map((incident) => stepOf(incident, made.get(checkKey(incident)), now, kept, world.set)),
    ...[...made.values()].flatMap((result): Step[] => {
      if (known.has(checkKey(result))) return [];
      const step = begin(result, now, world.randomBytes);
      return step === null ? [] : [step];
    }),
  ];
  return summary(steps, now);
}

function stepOf(
  incident: Incident,
  result: Result | undefined,
  now: number,
  all: readonly Incident[],
  set: ContractSet,
): Step {
  if (result === undefined) {
    if (incident.state === "closed" || !isGone(incident, set)) return unchanged(incident);
    const isFile = incident.contract.startsWith(badPrefix);
    return close(incident, now, isFile ? "the file was mended or removed" : "contract removed");
  }
  const step = follow(incident, result, now);
  const isStale =
    result.verdict.state === "skipped" &&
    incident.state !== "closed" &&
    now - incident.lastSeen > skippedTooLong;
  return isStale && !waits(incident.contract, all, set)
    ? close(incident, now, "there is nothing to check any more")
    : step;
}

/** True while a contract that this one depends on, also by way of others, fails. */
function waits(contract: string, all: readonly Incident[], { contracts }: ContractSet): boolean {
  const above = new Set([contract]);
  // A set is walked with what is added on the way.
  for (const id of above)
    for (const one of contracts.find((other) => other.id === id)?.dependsOn ?? []) above.add(one);
  above.delete(contract);
  return all.some((other) => other.state !== "closed" && above.has(other.contract));
}

/** While a file is unusable nobody knows whose contract it was, so none counts as removed. */
function isGone({ contract, check }: Incident, { contracts, bad }: ContractSet): boolean {
  if (contract.startsWith(badPrefix)) return true;
  const found = contracts.find(({ id }) => id === contract);
  if (found === undefined) return bad.length === 0;
  return !found.checks.some(({ name }) => name === check);
}

function summary(steps: readonly Step[], now: number): Advance {
  const of = (wanted: Event): Incident[] =>
    steps.flatMap(({ incident, event }) =>
      event === wanted && incident !== null ? [incident] : [],
    );
  const due = <T>(find: (incident: Incident, fresh: boolean, now: number) => T | null): T[] =>
    steps.flatMap(({ incident, fresh }) => {
      const found = incident === null ? null : find(incident, fresh, now);
      return found === null ? [] : [found];
    });
  return {
    incidents: steps.flatMap(({ incident }) => (incident === null ? [] : [incident])),
    opened: of("opened"),
    reopened: of("reopened"),
    closed: of("closed"),
    changed: of("changed"),
    actions: due(actionDue),
    escalations: due(escalationDue),
  };
}
