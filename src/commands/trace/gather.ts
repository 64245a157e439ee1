/**
 * What is on record about a task and those that it belongs to: the audit trail, the steward's acts, incidents.
 *
 * Asking, being asked and answering make a conversation; it is followed from task to task, within bounds. Reads
 * only. Never: takes a record that may not be read for one that is empty; `hidden` names it.
 */
import { type ChainRecord, type Link, recordsNaming } from "../../system/chain.ts";
import type { Disk } from "../../system/disk.ts";
import { isId } from "../../task/id.ts";
import { isDenied } from "../shared/access.ts";
import { type ChainName, chainPlace } from "../shared/chains.ts";

export interface Gathered {
  /** Of the audit trail: the task itself, and what became of the others. */
  readonly audit: readonly Link[];
  readonly actions: readonly Link[];
  readonly incidents: readonly Link[];
  readonly related: Related;
  /** Records that may not be read. */
  readonly hidden: readonly ChainName[];
}

/** Ids. */
export interface Related {
  /** Tasks during which this one was sent. */
  readonly parents: readonly string[];
  /** Tasks that this one sent, and requests that it waited for. */
  readonly children: readonly string[];
  /** Tasks that answer this one. */
  readonly replies: readonly string[];
  /** The rest of the conversation. */
  readonly others: readonly string[];
}

const bounds = { ids: 200, records: 20_000, rounds: 16, generations: 5 } as const;

export function gather(disk: Disk, root: string, id: string, sent: readonly string[]): Gathered {
  const hidden: ChainName[] = [];
  const look = (name: ChainName, words: readonly string[]): Link[] => {
    const { files } = chainPlace(root, name);
    try {
      return recordsNaming(disk, files(disk), words, bounds.records);
    } catch (error) {
      if (!isDenied(error)) throw error;
      if (!hidden.includes(name)) hidden.push(name);
      return [];
    }
  };
  const { ids, links } = withChildren(look, id, sent);
  const all = [...ids];
  return {
    audit: links.filter(({ record }) => isTold(record, id, ids)),
    actions: look("steward", all),
    incidents: look("contracts", [id]),
    related: relatedOf(links, id, ids, sent),
    hidden,
  };
}

/** The steward knows which tasks it gave to temporary agents for a request that is waited for. */
function withChildren(
  look: (name: ChainName, words: readonly string[]) => Link[],
  id: string,
  sent: readonly string[],
): ReturnType<typeof conversation> {
  let known: readonly string[] = sent;
  for (let generation = 0; ; generation += 1) {
    const found = conversation((words) => look("agents", words), id, known);
    const given = look("steward", [...found.ids]).flatMap(
      ({ record }) => record["child_task"] ?? [],
    );
    const fresh = given.filter(
      (task): task is string => typeof task === "string" && !found.ids.has(task),
    );
    if (fresh.length === 0 || generation === bounds.generations) return found;
    known = [...known, ...fresh];
  }
}

/** Round by round, until nobody new is named. */
function conversation(
  look: (words: readonly string[]) => Link[],
  id: string,
  sent: readonly string[],
): { readonly ids: ReadonlySet<string>; readonly links: readonly Link[] } {
  const ids = new Set([id, ...sent.filter(isId)]);
  let links: Link[] = [];
  for (let round = 0; round < bounds.rounds; round += 1) {
    const before = ids.size;
    links = look([...ids]);
    for (const { record } of links)
      for (const named of namedIn(record)) if (ids.size < bounds.ids) ids.add(named);
    if (ids.size === before) break;
  }
  return { ids, links };
}

/** Tasks that belong to a line: its own, the one that it sent, those that it waits for or answers. */
function namedIn(record: ChainRecord): string[] {
  const waits = record["wait_for"];
  const several = typeof waits === "string" ? waits.split(" ") : [];
  return [record["task"], record["sent"], record["reply_to"], ...several].filter(
    (one): one is string => typeof one === "string" && isId(one),
  );
}

/** All of the task itself; of the others, what became of them. */
function isTold(record: ChainRecord, id: string, ids: ReadonlySet<string>): boolean {
  const { kind, task } = record;
  if (task === id) return true;
  if (typeof task !== "string" || !ids.has(task)) return false;
  return record["sent"] === id || (kind === "task" && record["state"] !== "attempt");
}

function relatedOf(
  links: readonly Link[],
  id: string,
  ids: ReadonlySet<string>,
  sent: readonly string[],
): Related {
  const parents = new Set<string>();
  const children = new Set<string>(sent);
  const replies = new Set<string>();
  for (const { record } of links) {
    const { task } = record;
    if (typeof task !== "string") continue;
    if (task === id)
      for (const one of namedIn({ sent: record["sent"], wait_for: record["wait_for"] }))
        children.add(one);
    else if (record["sent"] === id) parents.add(task);
    else if (record["reply_to"] === id) replies.add(task);
  }
  const near = new Set([id, ...parents, ...children, ...replies]);
  const others = [...ids].filter((one) => !near.has(one));
  return { parents: [...parents], children: [...children], replies: [...replies], others };
}
