/**
 * Duplicate memory: whether an id was seen before, and from whom. The queue's folders and the outbox
 * are the memory; there is no index that could disagree with them.
 */
import { join } from "node:path";
import type { Disk } from "../system/disk.ts";
import { exists, readFile } from "../system/durable.ts";
import { jsonOrNull } from "../system/json.ts";
import { maxTaskBytes } from "../task/codec.ts";
import type { AgentPaths } from "./layout.ts";
import { readEnvelope } from "./queued.ts";

export type Place = "active" | "deferred" | "held" | "failed" | "corrupt" | "processed";

const places: readonly Place[] = ["active", "deferred", "held", "failed", "corrupt", "processed"];

/** Where a task of that id lies in that state. */
export const pathIn = (paths: AgentPaths, place: Place, id: string): string =>
  join(place === "processed" ? paths.processed : paths.queue[place], `${id}.task`);

export const responsePath = (paths: AgentPaths, id: string): string =>
  join(paths.outbox, `${id}.response`);

export const recordPath = (paths: AgentPaths, id: string): string =>
  join(paths.outbox, `${id}.json`);

/** The state that a task is in, null for none. */
export function placeOf(disk: Disk, paths: AgentPaths, id: string): Place | null {
  return places.find((place) => exists(disk, pathIn(paths, place, id))) ?? null;
}

/** Uid that sent `id` earlier; null when the id is new. -1 where the memory itself is damaged. */
export function earlierSender(disk: Disk, paths: AgentPaths, id: string): number | null {
  const place = placeOf(disk, paths, id);
  // Kept, but not yet reported: a crash in between. It is dealt with again from the start.
  if (place === "corrupt" && !exists(disk, recordPath(paths, id))) return null;
  if (place !== null) {
    const bytes = readFile(disk, pathIn(paths, place, id), maxTaskBytes * 2);
    return bytes === null ? -1 : (readEnvelope(bytes)?.envelope.from.uid ?? -1);
  }
  const record = readFile(disk, recordPath(paths, id), 1 << 20);
  return record === null ? null : uidInRecord(record);
}

function uidInRecord(bytes: Uint8Array): number {
  const value = jsonOrNull(bytes) as { from?: { uid?: unknown } } | null;
  return typeof value?.from?.uid === "number" ? value.from.uid : -1;
}
