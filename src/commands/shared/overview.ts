/**
 * What `con status` knows about one agent: the folders counted, the units asked.
 *
 * Numbers that the caller may not see are null, never 0.
 */
import type { AgentEntry, SystemRuntime } from "../../config/runtime.ts";
import { agentPaths } from "../../spool/layout.ts";
import type { Disk } from "../../system/disk.ts";
import { isDenied, isNoFolder } from "./access.ts";
import { folders, type Place } from "./find.ts";
import type { Held } from "./held.ts";
import { listVisible } from "./read.ts";
import type { UnitState, UnitStates } from "./units.ts";
import { heldWaits, type TaskWait } from "./waits.ts";

/** Keys of `con status --json`, `agents[]`: public interface, change only by adding. */
export interface AgentOverview {
  readonly name: string;
  readonly tier: string;
  readonly description: string;
  readonly model: string;
  readonly schedule: string | null;
  readonly wake: string;
  /** Of a temporary agent: who made it; else null. */
  readonly parent: string | null;
  /** What does its tasks: con's own loop, or a program of its own. */
  readonly runner: "builtin" | "program";
  /** Whether it has the graphics processors of the machine. */
  readonly gpu: boolean;
  /** `paused`, `quarantined`, `halted`; else `working`, `waiting`, `failed`, `stopped`, `unknown`. */
  readonly state: AgentState | Held["kind"];
  /** What stops it on purpose; null = nothing. (`held` counts tasks.) */
  readonly hold: Held | null;
  readonly pending: number | null;
  readonly active: number | null;
  readonly deferred: number | null;
  readonly held: number | null;
  /** What held tasks wait for, as far as the caller may look. */
  readonly waits: readonly TaskWait[];
  readonly corrupt: number | null;
  readonly failed: number | null;
  /** Answers in the outbox. */
  readonly answered: number | null;
  /** RFC 3339, the last change of the outbox; null before the first answer or where unknown. */
  readonly last_activity: string | null;
}

export type AgentState = "working" | "waiting" | "failed" | "stopped" | "unknown";

export function overviewOf(
  disk: Disk,
  system: SystemRuntime,
  agent: AgentEntry,
  stateNow: (name: string, active: number | null) => AgentState,
  hold: Held | null,
): AgentOverview {
  const count = (place: Place) => tasksIn(disk, system, agent, place)?.length ?? null;
  const active = count("active");
  const { name, tier, description, model, schedule, wake } = agent;
  return {
    ...{ name, tier, description, model, schedule, wake },
    parent: agent.parent ?? null,
    runner: agent.isProgram === true ? "program" : "builtin",
    gpu: agent.gpu === true,
    state: hold?.kind ?? stateNow(name, active),
    hold,
    pending: count("pending"),
    active,
    deferred: count("deferred"),
    held: count("held"),
    waits: heldWaits(disk, system, agent),
    corrupt: count("corrupt"),
    failed: count("failed"),
    answered: count("settled"),
    last_activity: lastActivity(disk, agentPaths(system.root, name).outbox),
  };
}

/** Names of its tasks there, which whoever may write there chose; null where the caller may not look. */
export function tasksIn(
  disk: Disk,
  system: SystemRuntime,
  agent: AgentEntry,
  place: Place,
): string[] | null {
  const all: string[] = [];
  for (const folder of folders(system, agent)) {
    if (folder.place !== place) continue;
    const names = listVisible(disk, folder.directory);
    if (names === null) return null;
    const { suffix } = folder;
    for (const name of names) if (name.endsWith(suffix)) all.push(name.slice(0, -suffix.length));
  }
  return all;
}

function lastActivity(disk: Disk, outbox: string): string | null {
  try {
    const names = disk.list(outbox);
    return names.length === 0 ? null : new Date(Number(disk.lstat(outbox).mtimeMs)).toISOString();
  } catch (error) {
    if (isDenied(error) || isNoFolder(error)) return null;
    throw error;
  }
}

/** With its parent, where it is a temporary agent. */
export const calledBy = ({
  name,
  parent,
}: {
  readonly name: string;
  readonly parent?: string | null;
}): string => (parent === undefined || parent === null ? name : `${name} (of ${parent})`);

/** Units whose states tell how an agent is. */
const unitsOf = (name: string) => ({
  service: `con@${name}.service`,
  listeners: [`con@${name}.path`, `con-bell@${name}.socket`],
});

/** Pure: from unit states to one word. */
export function stateOf(units: UnitStates | null, name: string): AgentState {
  if (units === null) return "unknown";
  const { service, listeners } = unitsOf(name);
  const running = units.get(service)?.active ?? "";
  if (["active", "activating", "deactivating", "reloading"].includes(running)) return "working";
  const heard = listeners.map((unit) => units.get(unit)).filter((unit) => unit !== undefined);
  if (running === "failed" || heard.some(isFailed)) return "failed";
  return heard.some((unit) => unit.active === "active") ? "waiting" : "stopped";
}

const isFailed = (unit: UnitState): boolean => unit.active === "failed";
