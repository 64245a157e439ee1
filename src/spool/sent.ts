/**
 * Which tasks this agent sent, and to whom: an agent that may only answer here is let in with a
 * reply to one of them. Written before the delivery, so that no answer can overtake the memory.
 * Beside it, for whom it was asked and in which thread: a late answer belongs there.
 */
import { join } from "node:path";
import type { Disk } from "../system/disk.ts";
import { readFile, replaceDurably } from "../system/durable.ts";
import { type JsonObject, jsonOrNull } from "../system/json.ts";
import { isId } from "../task/id.ts";
import type { AgentPaths } from "./layout.ts";

export const sentDirectory = (paths: Pick<AgentPaths, "state">): string =>
  join(paths.state, "sent");

export interface Sent {
  /** Name of the agent. */
  readonly to: string;
  /** Whom it was asked for; null = nobody wrote it down. */
  readonly owner: string | null;
  readonly thread: string | null;
}

const maxBytes = 4096;

/** Call before `deliver(…, {id})`; make the id with `freshId`. */
export function rememberSent(
  disk: Disk,
  paths: AgentPaths,
  id: string,
  to: string,
  asked?: Pick<Sent, "owner" | "thread">,
): void {
  if (!isId(id)) throw new TypeError("not a task id");
  const directory = sentDirectory(paths);
  disk.makeDirectory(directory, 0o700);
  const more = asked === undefined ? "" : `\n${JSON.stringify(asked)}`;
  replaceDurably(disk, join(directory, id), Buffer.from(`${to}${more}`), 0o600);
}

/** What is known of task `id`, or null when this agent never sent it. */
export function sentFor(disk: Disk, paths: Pick<AgentPaths, "state">, id: string): Sent | null {
  if (!isId(id)) return null;
  const bytes = readFile(disk, join(sentDirectory(paths), id), maxBytes);
  if (bytes === null) return null;
  const [to = "", more] = Buffer.from(bytes).toString("utf8").split("\n");
  return { to, ...askedIn(more) };
}

function askedIn(text: string | undefined): Pick<Sent, "owner" | "thread"> {
  if (text === undefined) return { owner: null, thread: null };
  const { owner, thread } = (jsonOrNull(text) ?? {}) as JsonObject;
  return { owner: textOrNull(owner), thread: textOrNull(thread) };
}

const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** Name of the agent that task `id` was sent to, or null when this agent never sent it. */
export const wasSent = (disk: Disk, paths: AgentPaths, id: string): string | null =>
  sentFor(disk, paths, id)?.to ?? null;
