/**
 * Delivers escalations: one task for each agent that is to be told, whatever fails at the same time.
 *
 * Marks as told only what is durably in an inbox. Whatever stands in the way (inbox full, gone or closed,
 * full disk, nobody to tell) is returned in words, stops no other agent's task, and leaves the
 * escalation due. Never: follows a name out of the agents' directory (names come from the compiled
 * configuration), or counts another's files as its own. After a crash between delivery and state: told twice.
 */
import { join } from "node:path";
import { type Holds, holdOf } from "../config/holds.ts";
import { deliver } from "../spool/deliver.ts";
import { agentPaths, bellOf } from "../spool/layout.ts";
import type { DeliverWorld } from "../spool/world.ts";
import { errnoOf, listed } from "../system/disk.ts";
import { ConError } from "../system/errors.ts";
import { requestOf } from "../task/codec.ts";
import { timeOfId } from "../task/id.ts";
import type { Escalation } from "./incident/due.ts";
import { withEscalation } from "./incident/mark.ts";
import { escalationTask, taskName } from "./incident/message.ts";
import type { HealthRuntime, Incident } from "./types.ts";

export { escalationTask } from "./incident/message.ts";

export interface EscalateWorld extends DeliverWorld {
  readonly health: HealthRuntime;
  readonly holds: Holds;
  /** False where what is marked here will not be kept: then an agent gets one task an hour at most. */
  readonly remembers?: boolean;
}

export interface Delivery {
  /** All incidents, those marked that were told. */
  readonly incidents: readonly Incident[];
  readonly sent: readonly {
    readonly to: string;
    readonly task: string;
    readonly escalations: readonly Escalation[];
  }[];
  /** Still due. */
  readonly kept: readonly {
    readonly to: string;
    readonly why: string;
    readonly escalations: readonly Escalation[];
  }[];
}

/** Own tasks that may wait in one inbox. */
const maxWaiting = 10;

/** `inboxNames`: names of our own files in the inbox. */
export const mayDeliver = (inboxNames: readonly string[]): boolean =>
  inboxNames.filter(isOurTask).length < maxWaiting;

const isOurTask = (name: string): boolean =>
  name.startsWith(`${taskName}-`) && name.endsWith(".task");

/**
 * The agent that gets what is for `name` (`sysadmin` is a role), or else the front desk; none that is not
 * there or in quarantine. Who is at fault is told only where nobody else is left.
 */
export function targetOf(
  name: string,
  health: HealthRuntime,
  holds: Holds,
  atFault: readonly string[] = [],
): string | null {
  const named = name === "sysadmin" ? health.sysadmin : name;
  const usable = [named, health.frontDesk].filter((candidate) => {
    const agent = health.agents.find((one) => one.name === candidate);
    return agent !== undefined && holdOf(holds, agent)?.kind !== "quarantined";
  });
  const free = usable.filter((candidate) => {
    const agent = health.agents.find((one) => one.name === candidate);
    return agent !== undefined && holdOf(holds, agent) === null;
  });
  // Who is paused or halted reads it later: better than nobody, worse than somebody now.
  const ordered = [...free, ...usable];
  return ordered.find((candidate) => !atFault.includes(candidate)) ?? ordered[0] ?? null;
}

/** `incidents`: all that are kept, as `advance` returned them, with their actions marked. */
export function deliverEscalations(
  world: EscalateWorld,
  incidents: readonly Incident[],
  escalations: readonly Escalation[],
): Delivery {
  const latest = new Map(incidents.map((incident) => [incident.id, incident]));
  const sent: Delivery["sent"][number][] = [];
  const kept: Delivery["kept"][number][] = [];
  for (const [to, group] of groups(world, escalations)) {
    const current = group.map((one) => ({
      ...one,
      incident: latest.get(one.incident.id) ?? one.incident,
    }));
    const outcome = to === null ? { why: nobody } : tell(world, to, current, [...latest.values()]);
    if ("why" in outcome) {
      kept.push({ to: to ?? "nobody", why: outcome.why, escalations: current });
      continue;
    }
    sent.push({ to: to ?? "nobody", task: outcome.task, escalations: current });
    for (const { incident } of current)
      latest.set(incident.id, withEscalation(incident, world.now()));
    for (const incident of outcome.closed)
      latest.set(incident.id, { ...incident, closureTold: true });
  }
  return { incidents: incidents.map((one) => latest.get(one.id) ?? one), sent, kept };
}

const nobody = "no agent is there to be told";

const target = ({ health, holds }: EscalateWorld, incident: Incident): string | null =>
  targetOf(incident.onFail.escalate ?? "sysadmin", health, holds, incident.agents);

function groups(
  world: EscalateWorld,
  escalations: readonly Escalation[],
): Map<string | null, Escalation[]> {
  const found = new Map<string | null, Escalation[]>();
  for (const escalation of escalations) {
    const to = target(world, escalation.incident);
    found.set(to, [...(found.get(to) ?? []), escalation]);
  }
  return found;
}

type Told = { readonly task: string; readonly closed: readonly Incident[] };

function tell(
  world: EscalateWorld,
  to: string,
  escalations: readonly Escalation[],
  incidents: readonly Incident[],
): Told | { readonly why: string } {
  const closed = incidents.filter(
    (incident) =>
      incident.state === "closed" &&
      incident.escalations > 0 &&
      !incident.closureTold &&
      target(world, incident) === to,
  );
  const { inbox } = agentPaths(world.health.root, to);
  try {
    if (!mayDeliver(ownNames(world, inbox)))
      return { why: `${maxWaiting} such tasks wait in ${inbox} already` };
    if (world.remembers === false && toldWithinTheHour(world, to))
      return { why: "it was told within the hour, and nothing can be remembered" };
    const context = { system: world.health.name, now: world.now(), closed };
    const { text, name } = escalationTask(escalations, context);
    const isUrgent = escalations.some(({ incident }) => incident.severity === "critical");
    const request = requestOf(text, { priority: isUrgent ? "high" : "normal" });
    const wake = world.health.agents.find((agent) => agent.name === to)?.wake;
    const bell = wake === "bell" ? bellOf(to) : null;
    return { task: deliver(world, inbox, request, { name, bell }).id, closed };
  } catch (error) {
    return { why: inWordsOf(error) };
  }
}

/** Files that others call like ours do not count: whoever may drop tasks could silence us with them. */
function ownNames({ disk }: EscalateWorld, inbox: string): string[] {
  const own = BigInt(process.geteuid?.() ?? 0);
  return disk
    .list(inbox)
    .filter((name) => isOurTask(name) && disk.find(join(inbox, name))?.uid === own);
}

/** The queue itself remembers, by the times in the ids of our tasks. */
function toldWithinTheHour({ disk, health, now }: EscalateWorld, name: string): boolean {
  const { inbox, queue, processed } = agentPaths(health.root, name);
  const times = [inbox, ...Object.values(queue), processed].flatMap((directory) =>
    listed(disk, directory)
      .filter(isOurTask)
      .map((file) => timeOfId(file.slice(0, -".task".length))),
  );
  return times.some((time) => Math.abs(now() - time) < 3_600_000);
}

/** Every refusal of the kernel leaves the escalation due; anything else is our own bug. */
function inWordsOf(error: unknown): string {
  if (error instanceof ConError) return error.message;
  const code = errnoOf(error);
  if (code === null) throw error;
  return code === "ENOENT" ? "its inbox is not there" : `its inbox: ${code}`;
}
