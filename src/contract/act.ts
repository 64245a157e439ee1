/**
 * What follows from an evaluation: requests to the steward, tasks to agents. Marks in the incidents only what
 * was really asked and told; the rest stays due.
 *
 * What stands in the way becomes a note and stops nothing else. After a crash before the state is written:
 * asked and told again, which the steward's verbs bear and an agent reads twice.
 */
import { randomBytes } from "node:crypto";
import { readHolds } from "../config/holds.ts";
import { awaitAnswer, submit } from "../steward/ask.ts";
import type { StewardRequest } from "../steward/types.ts";
import { nodeDisk } from "../system/disk.ts";
import { ConError } from "../system/errors.ts";
import { deliverEscalations } from "./escalate.ts";
import type { Happened } from "./history.ts";
import { type Advance, withAction } from "./incident.ts";
import { requestsOf } from "./request.ts";
import type { HealthState } from "./state.ts";
import type { Action, ContractSet, HealthRuntime, Incident } from "./types.ts";

export interface ActWorld {
  readonly health: HealthRuntime;
  readonly now: () => number;
  /** False where the state cannot be written: then agents are told once an hour at most. */
  readonly remembers: boolean;
}

export interface Acts {
  readonly incidents: readonly Incident[];
  readonly delivery: Happened["delivery"];
  readonly taken: Happened["actions"];
}

export const nothingDone = (incidents: readonly Incident[]): Acts => ({
  incidents,
  delivery: { sent: [] },
  taken: [],
});

export async function act(
  advanced: Advance,
  set: ContractSet,
  { health, now, remembers }: ActWorld,
  notes: string[],
): Promise<Acts> {
  const taken: { incident: Incident; taken: Incident["actions"][number] }[] = [];
  let incidents = advanced.incidents;
  for (const wanted of advanced.actions) {
    const request = await ask(requestsOf(wanted, set), notes);
    if (request === null) continue;
    const { action, agents, incident } = wanted;
    const one = { at: now(), action, agents, request, key: incident.key };
    taken.push({ incident, taken: one });
    incidents = incidents.map((each) => (each.id === incident.id ? withAction(each, one) : each));
  }
  const world = { disk: nodeDisk, now, randomBytes, health, holds: readHolds(), remembers };
  const delivery = deliverEscalations(world, incidents, advanced.escalations);
  for (const { to, why } of delivery.kept) notes.push(`could not tell ${to}: ${why}`);
  return { incidents: delivery.incidents, delivery, taken };
}

/** Long enough for a steward that is started for it; a slower one does it all the same, later. */
const answerMs = 15_000;

/** The id of the (last) request; null when it could not even be asked, so that it stays due. */
async function ask(requests: StewardRequest[], notes: string[]): Promise<string | null> {
  let last: string | null = null;
  for (const request of requests) {
    const id = submitted(request, notes);
    if (id === null) return null;
    const answer = await awaitAnswer(id, { timeoutMs: answerMs });
    if (answer === null) notes.push(`${request.verb}: the steward has not answered yet (${id})`);
    else if (answer.status !== "done") notes.push(`${request.verb}: ${answer.error ?? "refused"}`);
    last = id;
  }
  return last;
}

function submitted(request: StewardRequest, notes: string[]): string | null {
  try {
    return submit(nodeDisk, request).id;
  } catch (error) {
    if (!(error instanceof ConError)) throw error;
    notes.push(`${request.verb}: ${error.message}`);
    return null;
  }
}

export function counted(before: HealthState["counters"], acts: Acts): HealthState["counters"] {
  const actions: Partial<Record<Action, number>> = { ...before.actions };
  for (const { taken } of acts.taken) actions[taken.action] = (actions[taken.action] ?? 0) + 1;
  return { escalations: before.escalations + acts.delivery.sent.length, actions };
}
