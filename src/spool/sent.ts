/**
 * Which tasks this agent sent, and to whom: an agent that may only answer here is let in with a
 * reply to one of them. Written before the delivery, so that no answer can overtake the memory.
 */
import { join } from "node:path";
import type { Disk } from "../system/disk.ts";
import { readFile, replaceDurably } from "../system/durable.ts";
import { isId } from "../task/id.ts";
import type { AgentPaths } from "./layout.ts";

export const sentDirectory = (paths: AgentPaths): string => join(paths.state, "sent");

/** Call before `deliver(…, {id})`; make the id with `freshId`. */
export function rememberSent(disk: Disk, paths: AgentPaths, id: string, to: string): void {
  if (!isId(id)) throw new TypeError("not a task id");
  const directory = sentDirectory(paths);
  disk.makeDirectory(directory, 0o700);
  replaceDurably(disk, join(directory, id), Buffer.from(to), 0o600);
}

/** Name of the agent that task `id` was sent to, or null when this agent never sent it. */
export function wasSent(disk: Disk, paths: AgentPaths, id: string): string | null {
  if (!isId(id)) return null;
  const bytes = readFile(disk, join(sentDirectory(paths), id), 256);
  return bytes === null ? null : Buffer.from(bytes).toString("utf8");
}
