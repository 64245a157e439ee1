/**
 * The opened memory of an agent, and what the runner does with it. Loaded when it is first needed.
 *
 * Never: writes what a task says for more than it is; source and trust are the kernel's and the task's. Each change
 * is durable when it returns; the index file follows.
 */
import type { Section } from "../../agent/background.ts";
import type { KeepMemories } from "../../agent/context/lines.ts";
import { openMemory } from "../../memory/memory.ts";
import type { UpkeepBounds, UpkeepReport } from "../../memory/upkeep.ts";
import { redactKeys } from "../../system/redact.ts";
import type { Task } from "../../task/task.ts";
import type { MemoryDesk } from "../../tools/desks.ts";
import type { ThreadName } from "../retention/in-use.ts";
import { createDesk } from "./desk.ts";
import { embedderFor } from "./embedder.ts";
import { writeIndex } from "./index-file.ts";
import { ownerOf, sourceOf } from "./owner.ts";
import { saidSections } from "./said.ts";
import { keepTurns } from "./turns.ts";
import { type MemoryWorld, memoryPath, type OpenWorld } from "./world.ts";

export interface Work {
  readonly desk: (task: Task) => MemoryDesk;
  /** Keeps what a compaction extracted: the same batch once. */
  readonly keep: (task: Task, batch: Parameters<KeepMemories>[0]) => Promise<void>;
  /** The conversation so far, for a task with a thread. */
  readonly said: (task: Task, signal: AbortSignal) => Promise<Section[]>;
  readonly keepTurns: () => void;
  /** The daily work. */
  readonly upkeep: (bounds: UpkeepBounds) => Promise<UpkeepReport>;
  /** Threads of anybody in which a turn ended at or after a moment. */
  readonly threadsSince: (moment: number) => readonly ThreadName[];
  readonly close: () => void;
}

export async function openWork(given: MemoryWorld): Promise<Work> {
  const { disk, paths, now, log } = given;
  const embedder = await embedderFor(given);
  const path = memoryPath(paths);
  const store = await openMemory({ disk, path, now, ...(embedder === null ? {} : { embedder }) });
  const changed = (): void => {
    const why = writeIndex(disk, paths, store);
    if (why !== null) log.warn("the index of the memory could not be written", { why });
  };
  if (store.damaged !== null) {
    const { path: aside, why } = store.damaged;
    log.error("the memory was damaged: it lies aside, and a new one is begun", { aside, why });
    changed();
  }
  const world: OpenWorld = { ...given, store, changed };
  return {
    desk: (task) => createDesk(world, task),
    keep: (task, batch) => keep(world, task, batch),
    said: (task, signal) => saidSections(world, task, signal),
    keepTurns: () => keepTurns(world),
    upkeep: async (bounds) => {
      const report = await store.upkeep(bounds);
      changed();
      return report;
    },
    threadsSince: (moment) => store.threads.since(moment),
    close: () => store.close(),
  };
}

async function keep(
  world: OpenWorld,
  task: Task,
  { key, memories, tainted }: Parameters<KeepMemories>[0],
): Promise<void> {
  const { store, disk, paths, log } = world;
  if (store.storedBy(task.id, key).length > 0) return;
  const principal = ownerOf(disk, paths, task);
  const source = sourceOf(task, { callId: key, tainted });
  const drafts = memories.map((memory) => ({
    ...memory,
    title: redactKeys(memory.title),
    text: redactKeys(memory.text),
    principal,
    source,
    provenance: "inferred" as const,
  }));
  const stored = await store.storeAll(drafts);
  for (const one of stored)
    if (one.outcome === "refused") log.warn("a memory was not kept", { key, why: one.why });
  world.changed();
}
