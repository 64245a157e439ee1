/**
 * The notes of held tasks on disk, beside the tasks in `queue/held`. Written by the runner of the agent
 * alone, replaced as a whole, durable when a function here returns.
 */
import { join } from "node:path";
import { type Disk, errnoOf } from "../system/disk.ts";
import { readFile, replaceDurably } from "../system/durable.ts";
import { isId } from "../task/id.ts";
import type { AgentPaths } from "./layout.ts";
import { decodeNote, encodeNote, maxNoteBytes, type WaitNote } from "./wait-note.ts";

const suffix = ".wait.json";

export const notePath = (paths: AgentPaths, id: string): string =>
  join(paths.queue.held, `${id}${suffix}`);

/** Null where there is none, or one that cannot be read: the journal knows the same, less the answers. */
export function readNote(disk: Disk, paths: AgentPaths, id: string): WaitNote | null {
  const bytes = readFile(disk, notePath(paths, id), maxNoteBytes);
  return bytes === null ? null : decodeNote(bytes);
}

export const writeNote = (disk: Disk, paths: AgentPaths, id: string, note: WaitNote): void =>
  replaceDurably(disk, notePath(paths, id), encodeNote(note), 0o600);

export function forgetNote(disk: Disk, paths: AgentPaths, id: string): void {
  try {
    disk.unlink(notePath(paths, id));
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

/** Ids of tasks that have a note, held or not. */
export const notedIds = (disk: Disk, paths: AgentPaths): string[] =>
  disk
    .list(paths.queue.held)
    .filter((name) => name.endsWith(suffix))
    .map((name) => name.slice(0, -suffix.length))
    .filter(isId);
