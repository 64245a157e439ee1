/** A memory file in a directory of its own, a clock that is set by hand, and drafts to put into it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { type MemoryOptions, type MemoryStore, openMemory } from "../../../src/memory/memory.ts";
import type { Draft, Source, Stored } from "../../../src/memory/types.ts";
import { nodeDisk } from "../../../src/system/disk.ts";

export const day = 86_400_000;
export const own = ["a-one"];

export const trusted: Source = { task: "task-1", from: "anna", trust: "verified", call: "call-1" };
export const untrusted: Source = {
  task: "task-2",
  from: "mallory",
  trust: "unverified",
  call: "call-1",
};

export const draft = (changed: Partial<Draft> = {}): Draft => ({
  principal: "a-one",
  kind: "fact",
  category: "operations",
  title: "Deploy window",
  text: "Deployments happen on Tuesday at ten.",
  provenance: "observed",
  source: trusted,
  ...changed,
});

export interface World {
  readonly directory: string;
  readonly path: string;
  now: number;
  open(changed?: Partial<MemoryOptions>): Promise<MemoryStore>;
}

/** A fresh one before each test; everything opened is closed after it. */
export function world(): World {
  let directory = "";
  const opened: MemoryStore[] = [];
  const made: World = {
    get directory() {
      return directory;
    },
    get path() {
      return join(directory, "memory.db");
    },
    now: Date.parse("2027-03-04T12:00:00Z"),
    open: async (changed = {}) => {
      const options = { disk: nodeDisk, path: made.path, now: () => made.now, ...changed };
      const store = await openMemory(options);
      opened.push(store);
      return store;
    },
  };
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "con-memory-"));
    made.now = Date.parse("2027-03-04T12:00:00Z");
  });
  afterEach(() => {
    for (const store of opened.splice(0)) store.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return made;
}

export function idOf(stored: Stored | undefined): string {
  if (stored === undefined || stored.outcome === "refused")
    throw new Error(`not stored: ${stored?.why}`);
  return stored.id;
}

export async function put(store: MemoryStore, changed: Partial<Draft> = {}): Promise<string> {
  return idOf(await store.store(draft(changed)));
}

export async function found(
  store: MemoryStore,
  text: string,
  filter: object = {},
): Promise<string[]> {
  const { hits } = await store.search({ principals: own, text, ...filter });
  return hits.map(({ memory }) => memory.id);
}
