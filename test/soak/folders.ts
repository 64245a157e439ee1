/**
 * Reads what a container's agents have, from outside of it. Never: follows a link, or believes a file in an outbox that
 * is not named and shaped like a record.
 */
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isId } from "../../src/task/id.ts";
import type { recordOf } from "../../src/task/record.ts";
import type { Found } from "./account.ts";

type TaskRecord = ReturnType<typeof recordOf>;

/** The agents that are there, temporary ones too. */
export const agentsIn = (data: string): string[] => readdirSync(join(data, "agents")).sort();

/** Empty where an agent has just gone. */
function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Tasks that are not settled yet: in inboxes and on their way. */
function waiting(data: string, agents: readonly string[]): number {
  const outer = list(join(data, "inbox")).filter(isWaiting).length;
  const each = agents.map((agent) => {
    const base = join(data, "agents", agent);
    const queue = ["active", "deferred", "held"].flatMap((place) =>
      list(join(base, "queue", place)),
    );
    const inbox = list(join(base, "inbox")).filter(isWaiting);
    return inbox.length + queue.filter((name) => name.endsWith(".task")).length;
  });
  return outer + each.reduce((sum, one) => sum + one, 0);
}

const isWaiting = (name: string): boolean =>
  name.endsWith(".task") && (!name.startsWith(".") || name.startsWith(".open-"));

/** Without any progress for so long, nothing will come any more. */
const patienceMs = 5 * 60_000;

/** Waits until nothing is under way; how many tasks still are, if that never comes. */
export async function drain(data: string, progress: (line: string) => void): Promise<number> {
  let [least, since] = [Number.POSITIVE_INFINITY, Date.now()];
  for (let quiet = 0; quiet < 3; ) {
    const left = waiting(data, agentsIn(data));
    if (left < least) [least, since] = [left, Date.now()];
    if (Date.now() - since > patienceMs) return left;
    quiet = left === 0 ? quiet + 1 : 0;
    progress(`${left} tasks wait`);
    await sleep(2_000);
  }
  return 0;
}

/** Names of all that lies in an agent's places, by id. */
function placesOf(base: string, inboxes: readonly string[]): Map<string, string[]> {
  const places = new Map<string, string[]>();
  const add = (id: string, place: string): void => {
    places.set(id, [...(places.get(id) ?? []), place]);
  };
  const folders = { processed: "processed", failed: "queue/failed", corrupt: "queue/corrupt" };
  const queues = { active: "queue/active", deferred: "queue/deferred", held: "queue/held" };
  for (const [place, folder] of Object.entries({ ...folders, ...queues })) {
    for (const name of list(join(base, folder))) {
      if (name.endsWith(".task")) add(name.slice(0, -".task".length), place);
    }
  }
  for (const name of inboxes.flatMap(list)) {
    if (name.startsWith(".corrupt-")) add(name.slice(".corrupt-".length), "aside");
  }
  return places;
}

export function foundIn(data: string, agent: string, frontDesk: string): Found[] {
  const base = join(data, "agents", agent);
  const inboxes = [join(base, "inbox"), ...(agent === frontDesk ? [join(data, "inbox")] : [])];
  const places = placesOf(base, inboxes);
  const names = list(join(base, "outbox"));
  const responses = new Set(names.filter((name) => name.endsWith(".response")));
  return names.flatMap((name) => {
    const id = name.slice(0, -".json".length);
    if (!name.endsWith(".json") || !isId(id)) return [];
    const record = recordAt(join(base, "outbox", name));
    if (record === null) return [];
    return [
      {
        ...{ agent, id, status: record.status, from: record.from.name, error: record.error },
        hasResponse: responses.has(`${id}.response`),
        places: places.get(id) ?? [],
        receivedAt: Date.parse(record.received_at),
        finishedAt: Date.parse(record.finished_at),
      },
    ];
  });
}

function recordAt(path: string): TaskRecord | null {
  if (!lstatSync(path).isFile()) return null;
  return JSON.parse(readFileSync(path, "utf8")) as TaskRecord;
}
