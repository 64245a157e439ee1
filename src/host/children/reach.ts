/**
 * Where a temporary agent can have left files in its life: one file each in /var/lib/con/reach, written before the
 * machine lets it write there, and removed when it is gone. Only grows, because a grant that was taken away leaves
 * the files that were written with it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Disk, errnoOf } from "../../system/disk.ts";
import { removeDurably, replaceDurably } from "../../system/durable.ts";
import { ConError, exit } from "../../system/errors.ts";
import * as paths from "../paths.ts";
import { mayAsk, type Views } from "../plan/views.ts";
import type { World } from "../world.ts";

export interface Reach {
  readonly version: 1;
  /** Granted directories: what it wrote there goes to its parent. */
  readonly shared: readonly string[];
  /** Inboxes and what is claimed from them: what it sent is nobody's afterwards. */
  readonly spools: readonly string[];
}

const none: Reach = { version: 1, shared: [], spools: [] };

const fileOf = (directory: string, name: string): string => join(directory, `${name}.json`);

/** Durable when it returns. */
export function noteReach(
  disk: Disk,
  world: World,
  views: Views,
  directory: string = paths.reach,
): void {
  for (const view of views.all) {
    if (!world.children.has(view.name)) continue;
    const before = readReach(view.name, directory) ?? none;
    const after: Reach = {
      version: 1,
      shared: union(before.shared, view.can.write),
      spools: union(before.spools, [
        ...view.can.task.map(paths.agentBase),
        ...(mayAsk(view) ? [paths.steward] : []),
      ]),
    };
    if (JSON.stringify(after) === JSON.stringify(before)) continue;
    const path = fileOf(directory, view.name);
    replaceDurably(disk, path, Buffer.from(`${JSON.stringify(after)}\n`), 0o600);
  }
}

const union = (a: readonly string[], b: readonly string[]): string[] =>
  [...new Set([...a, ...b])].sort();

/** Null: it was never let in anywhere. */
export function readReach(name: string, directory: string = paths.reach): Reach | null {
  const path = fileOf(directory, name);
  const damaged = (): ConError =>
    new ConError(exit.configuration, path, "it is damaged", "look for files of that agent's uid");
  try {
    const value = JSON.parse(readFileSync(path, "utf8")) as Partial<Reach> | null;
    if (value?.version === 1 && Array.isArray(value.shared) && Array.isArray(value.spools))
      return value as Reach;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw damaged();
}

export const forgetReach = (disk: Disk, name: string, directory: string = paths.reach): void =>
  removeDurably(disk, fileOf(directory, name));
