/**
 * Notes of tasks whose words shall be kept in their thread: `state/turns/ID.json`, written before the first model
 * call, removed when the turn is in the memory. So no crash between the answer and the memory loses a turn.
 */
import { join } from "node:path";
import type { AgentPaths } from "../../spool/layout.ts";
import { type Disk, errnoOf } from "../../system/disk.ts";
import { readFile, replaceDurably } from "../../system/durable.ts";
import { jsonOrNull } from "../../system/json.ts";
import type { Log } from "../../system/log.ts";
import { isId } from "../../task/id.ts";
import type { Task } from "../../task/task.ts";
import { headOf } from "../../task/text.ts";
import { shelve } from "../texts.ts";

export interface Mark {
  readonly task: string;
  readonly owner: string;
  readonly thread: string;
  readonly from: string;
  readonly trust: Task["trust"];
  readonly asked: string;
  readonly askedPath: string | null;
  /** The task has read words of strangers. */
  readonly tainted?: true;
}

interface MarksWorld {
  readonly disk: Disk;
  readonly paths: AgentPaths;
  readonly log: Log;
}

/** Bytes of a question or an answer that a thread keeps itself. */
export const turnBytes = 16 * 1024;
const maxMarkBytes = 8 * turnBytes;

const directoryOf = ({ state }: Pick<AgentPaths, "state">): string => join(state, "turns");
const pathOf = (paths: AgentPaths, id: string): string => join(directoryOf(paths), `${id}.json`);

/** Once for each task: what was written first stays. */
export function markTurn(
  world: MarksWorld,
  task: Task,
  { owner, thread }: Pick<Mark, "owner" | "thread">,
): void {
  const { disk, paths } = world;
  const path = pathOf(paths, task.id);
  if (disk.find(path) !== null) return;
  const { text } = task.request;
  const asked = headOf(text, turnBytes);
  const askedPath = asked === text ? null : shelve(world, task.id, text);
  const { trust, from } = task;
  const mark: Mark = { task: task.id, owner, thread, from: from.name, trust, asked, askedPath };
  disk.makeDirectory(directoryOf(paths), 0o700);
  replaceDurably(disk, path, Buffer.from(JSON.stringify(mark)), 0o600);
}

/** Its answer may hold words of strangers: said before the answer is published. */
export function taintTurn({ disk, paths }: Pick<MarksWorld, "disk" | "paths">, id: string): void {
  const mark = readMark(disk, paths, id);
  if (mark === null || mark.tainted === true) return;
  const bytes = Buffer.from(JSON.stringify({ ...mark, tainted: true }));
  replaceDurably(disk, pathOf(paths, id), bytes, 0o600);
}

/** Oldest first. */
export const markedIds = (disk: Disk, paths: AgentPaths): string[] => {
  if (disk.find(directoryOf(paths)) === null) return [];
  return disk
    .list(directoryOf(paths))
    .map((name) => name.replace(/\.json$/, ""))
    .filter(isId)
    .sort();
};

const isWhole = ({ owner, thread, from, asked, askedPath }: Mark): boolean =>
  [owner, thread, from, asked, askedPath ?? ""].every((text) => typeof text === "string");

/** Null where it cannot be read: nothing is lost by it but the turn. */
export function readMark(disk: Disk, paths: AgentPaths, id: string): Mark | null {
  const bytes = readFile(disk, pathOf(paths, id), maxMarkBytes);
  const mark = bytes === null ? null : (jsonOrNull(bytes) as Mark | null);
  return mark?.task === id && isWhole(mark) ? mark : null;
}

/** Not synced: a mark that comes back after a power cut keeps the same turn once more, which changes nothing. */
export function removeMark(disk: Disk, paths: AgentPaths, id: string): void {
  try {
    disk.unlink(pathOf(paths, id));
  } catch (error) {
    // Upkeep or the runner was faster: they keep the same turn.
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}
