/**
 * What is due for an open incident: a word to an agent, a request to the steward. Pure.
 *
 * Both follow from what the incident says was done. What could not be delivered was not done, and is
 * therefore due again at the next evaluation. A check that could not be made is told, and no more: a busy
 * machine must not halt its agents.
 */
import type { Action, Incident } from "../types.ts";
import { newsAfter, reapplyAfter, repeatAfter } from "./intervals.ts";

export interface Escalation {
  readonly incident: Incident;
  /** As the contract names it: an agent, or `sysadmin`. */
  readonly to: string;
  readonly why: "opened" | "again" | "changed";
}

export interface WantedAction {
  readonly incident: Incident;
  readonly action: Exclude<Action, "alert">;
  /** Agents at fault; empty for actions that are about none. */
  readonly agents: readonly string[];
}

/** `fresh`: the check failed in this evaluation; without it nothing is repeated. */
export function escalationDue(incident: Incident, fresh: boolean, now: number): Escalation | null {
  const to = incident.onFail.escalate;
  if (incident.state !== "open" || to === null) return null;
  const { lastEscalatedAt: last, escalations: told } = incident;
  if (last === null) return { incident, to, why: "opened" };
  const elapsed = now - last;
  if (elapsed >= newsAfter(told)) {
    if (incident.key !== incident.escalatedKey) return { incident, to, why: "changed" };
    if ((incident.openedAt ?? 0) > last) return { incident, to, why: "again" };
  }
  return fresh && elapsed >= repeatAfter(told) ? { incident, to, why: "again" } : null;
}

export function actionDue(incident: Incident, fresh: boolean, now: number): WantedAction | null {
  const { action } = incident.onFail;
  if (incident.state !== "open" || action === "alert" || incident.unmade) return null;
  const asked = incident.actions.filter(
    (taken) => taken.action === action && taken.at >= (incident.openedAt ?? 0),
  );
  switch (action) {
    case "kill_session":
    case "quarantine": {
      const known = new Set(asked.flatMap(({ agents }) => agents));
      const agents = incident.agents.filter((name) => !known.has(name));
      return agents.length === 0 ? null : { incident, action, agents };
    }
    case "halt_workers":
    case "halt_agents":
      return asked.length === 0 ? { incident, action, agents: [] } : null;
    case "reapply": {
      return isReapplyDue(incident, asked, fresh, now) ? { incident, action, agents: [] } : null;
    }
  }
}

/** Who undoes a repair again and again is left waiting; what drifts elsewhere is not. */
function isReapplyDue(
  incident: Incident,
  asked: Incident["actions"],
  fresh: boolean,
  now: number,
): boolean {
  const last = asked.at(-1);
  if (last === undefined) return true;
  const same = asked.filter(({ key }) => key === incident.key).length;
  return fresh && now - last.at >= reapplyAfter(Math.max(same, 1));
}
