/** Writes into incidents what was really done about them, and keeps their times sane. Pure. */
import type { ActionTaken, Incident } from "../types.ts";

/** Enough for the intervals of `reapply` and for a person; the rest is in the history. */
const keptActions = 20;

export const withAction = (incident: Incident, taken: ActionTaken): Incident => ({
  ...incident,
  actions: [...incident.actions, taken].slice(-keptActions),
});

/** Its escalation is durably in an inbox. */
export const withEscalation = (incident: Incident, now: number): Incident => ({
  ...incident,
  escalations: incident.escalations + 1,
  lastEscalatedAt: now,
  escalatedKey: incident.key,
});

/**
 * No time of an incident lies ahead. A clock that was set back would otherwise silence it until it has caught up;
 * now it waits at most one interval more.
 */
export function notAhead(incident: Incident, now: number): Incident {
  const cut = (time: number): number => Math.min(time, now);
  const cutOrNull = (time: number | null): number | null => (time === null ? null : cut(time));
  return {
    ...incident,
    firstSeen: cut(incident.firstSeen),
    lastSeen: cut(incident.lastSeen),
    openedAt: cutOrNull(incident.openedAt),
    closedAt: cutOrNull(incident.closedAt),
    lastEscalatedAt: cutOrNull(incident.lastEscalatedAt),
    actions: incident.actions.map((taken) => ({ ...taken, at: cut(taken.at) })),
  };
}
