/** One incident and what its check said now: the incident afterwards, and what happened to it. Pure. */
import { newId } from "../../task/id.ts";
import type { Incident, Result } from "../types.ts";
import { type Failure, failureOf } from "./failure.ts";
import { reopenWithin } from "./intervals.ts";

export type Event = "opened" | "reopened" | "closed" | "changed";

export interface Step {
  /** Null: nothing is left of it. */
  readonly incident: Incident | null;
  readonly event: Event | null;
  /** Its check failed in this evaluation. */
  readonly fresh: boolean;
}

export const unchanged = (incident: Incident): Step => ({ incident, event: null, fresh: false });

export function close(incident: Incident, now: number, why: string): Step {
  // What never opened leaves no trace.
  if (incident.state === "pending") return { incident: null, event: null, fresh: false };
  const closed = {
    ...incident,
    state: "closed",
    streak: 0,
    closedAt: now,
    closedWhy: why,
  } as const;
  return { incident: { ...closed, closureTold: false }, event: "closed", fresh: false };
}

/** A closed incident is kept while a new failure would be the same trouble again, or already is. */
export const isForgotten = (incident: Incident, now: number): boolean =>
  incident.state === "closed" &&
  incident.streak === 0 &&
  now - (incident.closedAt ?? now) > reopenWithin;

export function begin(
  result: Result,
  now: number,
  randomBytes: (count: number) => Uint8Array,
): Step | null {
  const failure = failureOf(result);
  if (failure === null) return null;
  const incident: Incident = {
    id: `inc-${newId(now, randomBytes)}`,
    contract: result.contract,
    check: result.check,
    severity: result.severity,
    state: "pending",
    firstSeen: now,
    lastSeen: now,
    openedAt: null,
    closedAt: null,
    closedWhy: null,
    closureTold: false,
    count: 0,
    streak: 0,
    reopened: 0,
    onFail: result.onFail,
    ...failure,
    unmade: isUnmade(result),
    escalations: 0,
    lastEscalatedAt: null,
    escalatedKey: null,
    actions: [],
  };
  return fail(incident, result, failure, now);
}

/** `result` is of the incident's own check, made in this evaluation. */
export function follow(incident: Incident, result: Result, now: number): Step {
  const failure = failureOf(result);
  if (failure !== null) return fail(incident, result, failure, now);
  if (result.verdict.state === "skipped") return unchanged(incident);
  if (incident.state === "closed")
    return { incident: { ...incident, streak: 0 }, event: null, fresh: false };
  return close(incident, now, "the check passes");
}

const isUnmade = ({ verdict }: Result): boolean => verdict.state === "error";

function fail(before: Incident, result: Result, failure: Failure, now: number): Step {
  const incident: Incident = {
    ...before,
    ...failure,
    unmade: isUnmade(result),
    severity: result.severity,
    onFail: result.onFail,
    lastSeen: now,
    count: before.count + 1,
    streak: before.streak + 1,
  };
  if (before.state === "open") {
    const event = before.key === failure.key ? null : "changed";
    return { incident, event, fresh: true };
  }
  if (incident.streak < result.onFail.after) return { incident, event: null, fresh: true };
  const opened = {
    ...incident,
    state: "open",
    openedAt: now,
    closedAt: null,
    closedWhy: null,
    closureTold: false,
  } as const;
  if (before.state === "pending") return { incident: opened, event: "opened", fresh: true };
  return { incident: { ...opened, reopened: before.reopened + 1 }, event: "reopened", fresh: true };
}
