/**
 * Where is this task? Looks through the folders of every agent, for the folder is the state.
 *
 * Never: takes "I may not look there" for "it is not there"; `hidden` says what was not seen.
 */
import type { AgentEntry, SystemRuntime } from "../../config/runtime.ts";
import { agentPaths, outerInbox } from "../../spool/layout.ts";
import { questionSuffix } from "../../spool/question.ts";
import type { Disk } from "../../system/disk.ts";
import { ConError, exit } from "../../system/errors.ts";
import { isId } from "../../task/id.ts";
import type { Status } from "../../task/task.ts";
import { asRoot } from "./access.ts";
import { listVisible } from "./read.ts";

/** In the order of which one tells: a retried task has an old answer, but it is active. */
export const places = [
  "active",
  "deferred",
  "held",
  "pending",
  "settled",
  "corrupt",
  "failed",
] as const;

export type Place = (typeof places)[number];

export interface Found {
  readonly id: string;
  readonly agent: AgentEntry;
  readonly place: Place;
  readonly directory: string;
  readonly suffix: string;
}

/** One word for people: the place, or for a settled task how it ended. */
export type TaskState = Place | Status;

export const stateOf = (
  { place }: Found,
  answer: { readonly record: { readonly status: Status } } | null,
): TaskState => (place === "settled" && answer !== null ? answer.record.status : place);

export interface Search {
  readonly found: readonly Found[];
  /** Directories that the caller may not list. */
  readonly hidden: readonly string[];
}

interface Folder {
  readonly place: Place;
  readonly directory: string;
  readonly suffix: string;
}

/** Every folder of an agent in which a task can be, the outer inbox at the front desk included. */
export function folders(system: SystemRuntime, agent: AgentEntry): Folder[] {
  const paths = agentPaths(system.root, agent.name);
  const task = (place: Place, directory: string): Folder => ({ place, directory, suffix: ".task" });
  const outer = agent.name === system.frontDesk ? [task("pending", outerInbox(system.root))] : [];
  return [
    task("pending", paths.inbox),
    ...outer,
    task("active", paths.queue.active),
    task("deferred", paths.queue.deferred),
    task("held", paths.queue.held),
    task("corrupt", paths.queue.corrupt),
    task("failed", paths.queue.failed),
    { place: "settled", directory: paths.outbox, suffix: ".json" },
  ];
}

/** Also where a held task shows what it asks people. */
const searched = (system: SystemRuntime, agent: AgentEntry): Folder[] => [
  ...folders(system, agent),
  {
    place: "held",
    directory: agentPaths(system.root, agent.name).outbox,
    suffix: questionSuffix,
  },
];

/** All tasks whose id starts with `wanted`; an id that is equal wins alone. */
export function searchTasks(disk: Disk, system: SystemRuntime, wanted: string): Search {
  const best = new Map<string, Found>();
  const hidden: string[] = [];
  for (const agent of system.agents)
    for (const { place, directory, suffix } of searched(system, agent)) {
      const names = listVisible(disk, directory);
      if (names === null) hidden.push(directory);
      for (const name of names ?? []) {
        if (!name.startsWith(wanted) || !name.endsWith(suffix)) continue;
        const id = name.slice(0, -suffix.length);
        const known = best.get(`${agent.name}/${id}`);
        if (known === undefined || places.indexOf(place) < places.indexOf(known.place))
          best.set(`${agent.name}/${id}`, { id, agent, place, directory, suffix });
      }
    }
  return { found: narrow([...best.values()], wanted), hidden };
}

/** Characters of the UUID that every id ends with. */
const uuidLength = 36;

/** Equal ids first, then drops of exactly that base name, then everything with that beginning. */
function narrow(found: readonly Found[], wanted: string): readonly Found[] {
  const equal = found.filter(({ id }) => id === wanted);
  // A record that another agent planted in its own outbox must not stand before a task at work.
  const alive = equal.filter(({ place }) => place !== "settled");
  if (alive.length === 1) return alive;
  if (equal.length > 0) return equal;
  const named = found.filter(({ id }) => isId(id) && id.slice(0, -uuidLength) === `${wanted}-`);
  return named.length > 0 ? named : found;
}

/** `ID`, or `AGENT/ID` where two agents have a file of that id. */
function readWanted(system: SystemRuntime, wanted: string): { id: string; among: SystemRuntime } {
  const [id = "", name, ...rest] = wanted.split("/").reverse();
  const agents = system.agents.filter((agent) => name === undefined || agent.name === name);
  if (id === "" || id.startsWith(".") || rest.length > 0 || agents.length === 0)
    throw new ConError(exit.badInput, `task ${wanted}`, "this is no task id", "see con responses");
  return { id, among: { ...system, agents } };
}

/** The one task that is meant, or the reason why there is none, as an error for people. */
export function findTask(disk: Disk, system: SystemRuntime, wanted: string): Found {
  const { id, among } = readWanted(system, wanted);
  const { found, hidden } = searchTasks(disk, among, id);
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  if (first !== undefined) {
    const ids = found.map(({ id, agent }) => `${id} (${agent.name})`).sort();
    const some = ids.slice(-10).join(", ");
    const why = `${ids.length} tasks begin like this, the latest: ${some}`;
    throw new ConError(exit.badInput, `task ${wanted}`, why, "give more of the id, or AGENT/ID");
  }
  if (hidden.length > 0) {
    const why = `it is in no folder that you may read, and you may not read ${hidden.length} others`;
    throw new ConError(exit.permission, `task ${wanted}`, why, asRoot);
  }
  throw new ConError(exit.badInput, `task ${wanted}`, "there is no such task", "see con responses");
}
