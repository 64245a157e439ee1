/**
 * `state/memory-index.json`: the categories of the memory for whoever writes a prompt, so that a waking runner need
 * not open the database. Replaced whole after each change. It is a hint: what a crash or a full disk keeps from being
 * written is written with the next change, or by upkeep.
 */
import { join } from "node:path";
import type { MemoryStore } from "../../memory/memory.ts";
import type { Category } from "../../memory/types.ts";
import type { AgentPaths } from "../../spool/layout.ts";
import { type Disk, errnoOf } from "../../system/disk.ts";
import { readFile, replaceDurably } from "../../system/durable.ts";
import { jsonOrNull } from "../../system/json.ts";

export interface OwnedCategory extends Category {
  readonly owner: string;
}

/** Of one owner, and of all. */
const mostOfOne = 100;
const mostOfAll = 1000;
const maxBytes = 2 << 20;

const pathOf = ({ state }: Pick<AgentPaths, "state">): string => join(state, "memory-index.json");

export const hasIndex = (disk: Disk, paths: Pick<AgentPaths, "state">): boolean =>
  disk.find(pathOf(paths)) !== null;

/** However many strangers there are, they take no room from trusted tasks. */
const trustedFirst = (owners: readonly string[]): readonly string[] =>
  [...owners].sort((one, other) => Number(other === "trusted") - Number(one === "trusted"));

/** Null when it was written, otherwise why not. */
export function writeIndex(
  disk: Disk,
  paths: Pick<AgentPaths, "state">,
  store: Pick<MemoryStore, "principals" | "categories">,
): string | null {
  const categories = trustedFirst(store.principals())
    .flatMap((owner) =>
      store
        .categories([owner])
        .slice(0, mostOfOne)
        .map((category) => ({ owner, ...category })),
    )
    .slice(0, mostOfAll);
  try {
    replaceDurably(disk, pathOf(paths), Buffer.from(JSON.stringify(categories)), 0o600);
    return null;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === null) throw error;
    return errno;
  }
}

/** Nothing where it cannot be read. */
export function readIndex(disk: Disk, paths: Pick<AgentPaths, "state">): readonly OwnedCategory[] {
  const bytes = readFile(disk, pathOf(paths), maxBytes);
  const value = bytes === null ? null : jsonOrNull(bytes);
  return (value ?? []) as readonly OwnedCategory[];
}
