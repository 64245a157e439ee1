/**
 * The memory of one agent: one SQLite file, opened whole. `docs/decisions/0005-mind.md` gives the reasons.
 *
 * When `store` and the changes return, what they did survives a power cut. Never: deletes for good outside of
 * upkeep, answers about memories of principals that were not named, or trusts a text for what it says of
 * itself (`rules.ts`). SQLite's errors come out as `MemoryError`; after any of them nothing was changed.
 */
import type Database from "better-sqlite3";
import type { Disk } from "../system/disk.ts";
import { bounding, type MemoryBounds, memoryBounds } from "./bounds.ts";
import { type Changes, type Check, changesOf, checksOf } from "./change.ts";
import { type Prepared, prepareDraft, type Refused } from "./draft.ts";
import { guarded, named } from "./errors.ts";
import { embedAll, embeddedText, indexOf, modelNumber } from "./indexing.ts";
import { lexicalEmbedder } from "./lexical.ts";
import { check, type Damaged, openFile } from "./open.ts";
import { type Registry, registryOf } from "./registry.ts";
import { memoryOf, type Reader, readerOf } from "./rows.ts";
import { type Search, searching } from "./search/search.ts";
import { type Item, storing } from "./store.ts";
import type { Threads } from "./thread-types.ts";
import { threadsOf } from "./threads.ts";
import type { Draft, Embedder, Memory, Stored } from "./types.ts";
import { type Upkeep, upkeeping } from "./upkeep.ts";

export interface MemoryOptions {
  readonly disk: Disk;
  readonly path: string;
  readonly now: () => number;
  /** The offline one where none is given. */
  readonly embedder?: Embedder;
  readonly readonly?: boolean;
  /** How much strangers may have remembered; the usual bounds where none are given. */
  readonly bounds?: MemoryBounds;
}

export interface Whole {
  readonly memory: Memory;
  readonly details: string | null;
  readonly against: readonly Memory[];
  readonly checks: readonly Check[];
}

export interface MemoryStore extends Changes, Registry {
  /** Where a damaged file was set aside at this opening; for a person to be told. */
  readonly damaged: Damaged | null;
  /** The memory is kept also where its vector cannot be made now. */
  store(draft: Draft, signal?: AbortSignal): Promise<Stored>;
  /** All in one transaction and with one sync; each has its own answer, in order. */
  storeAll(drafts: readonly Draft[], signal?: AbortSignal): Promise<readonly Stored[]>;
  readonly search: Search;
  /** Whatever became of it, with everything about it; null where there is none of `principals`. */
  show(principals: readonly string[], id: string): Whole | null;
  readonly upkeep: Upkeep;
  readonly threads: Threads;
  /** Everybody whose something is in here. */
  principals(): string[];
  /** Ids of what this call of this task stored. */
  storedBy(task: string, call: string): string[];
  /** Reads the whole file; throws `damaged`. */
  check(): void;
  close(): void;
}

export async function openMemory(options: MemoryOptions): Promise<MemoryStore> {
  const { path, embedder = lexicalEmbedder } = options;
  const { database, damaged } = await openFile(options);
  try {
    return storeOf(database, { ...options, embedder }, damaged);
  } catch (error) {
    database.close();
    throw named(path, error);
  }
}

type Given = MemoryOptions & { readonly embedder: Embedder };

function storeOf(database: Database.Database, given: Given, damaged: Damaged | null): MemoryStore {
  const { path, now, embedder, readonly = false, bounds = memoryBounds } = given;
  const reader = readerOf(database);
  const model = modelNumber(database, embedder, readonly);
  const index = indexOf(database, model);
  const limited = bounding(database, index, bounds);
  const parts = { database, reader, index, embedder, model, now, bounding: limited };
  const changes = changesOf(parts);
  const registry = registryOf(database);
  const search = searching(parts);
  const put = storing(parts);
  const storeAll: MemoryStore["storeAll"] = async (drafts, signal) => {
    const items = await embedded(drafts.map(prepareDraft), embedder, signal);
    return guarded(path, () => put(items));
  };
  const upkeep = upkeeping(parts);
  const threads = threadsOf(database);
  const owners = database.prepare<[], string>("SELECT name FROM principals ORDER BY id").pluck();
  const ofCall = database
    .prepare<[string, string], string>(
      "SELECT 'm' || id FROM memories WHERE task = ? AND call = ? ORDER BY id",
    )
    .pluck();
  const within =
    <A extends unknown[], T>(act: (...args: A) => T) =>
    (...args: A): T =>
      guarded(path, () => act(...args));
  return {
    damaged,
    store: async (draft, signal) => {
      const [stored] = await storeAll([draft], signal);
      return stored ?? { outcome: "refused", why: "nothing was stored" };
    },
    storeAll,
    search: (query, signal) => search(query, signal).catch(rethrow(path)),
    show: within(showing(database, reader)),
    forget: within(changes.forget),
    restore: within(changes.restore),
    verify: within(changes.verify),
    used: within(changes.used),
    categories: within(registry.categories),
    entries: within(registry.entries),
    upkeep: (bounds) => upkeep(bounds).catch(rethrow(path)),
    threads: {
      addTurn: within(threads.addTurn),
      conversation: within(threads.conversation),
      summarize: within(threads.summarize),
      searchTurns: within(threads.searchTurns),
      threads: within(threads.threads),
      since: within(threads.since),
    },
    principals: within(() => owners.all()),
    storedBy: within((task, call) => ofCall.all(task, call)),
    check: within(() => check(database, path, now())),
    close: () => void database.close(),
  };
}

const rethrow =
  (path: string) =>
  (error: unknown): never => {
    throw named(path, error);
  };

function showing(database: Database.Database, reader: Reader) {
  const checks = checksOf(database);
  return (principals: readonly string[], id: string): Whole | null => {
    const row = reader.one(id, principals);
    if (row === null) return null;
    const memory = memoryOf(row);
    const against = reader.against(row.id).map(memoryOf);
    return { memory, details: reader.details(row.id), against, checks: checks(memory) };
  };
}

async function embedded(
  drafts: readonly (Prepared | Refused)[],
  embedder: Embedder,
  signal: AbortSignal | undefined,
): Promise<(Item | Refused)[]> {
  const fit = drafts.filter((one): one is Prepared => !("why" in one));
  const vectors = await embedAll(embedder, fit.map(embeddedText), signal);
  const of = new Map(fit.map((made, at) => [made, vectors[at]]));
  return drafts.map((made) =>
    "why" in made ? made : { made, embedded: of.get(made) ?? noVector },
  );
}

const noVector = { vector: null, why: "no vector came" };
