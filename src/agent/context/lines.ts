/** Lines of the journal about compaction. What they replace stays in the journal. */
import type { Message } from "../../model/types.ts";
import type { Usage } from "../../task/task.ts";

/** What a model found worth keeping beyond the task. Nothing of it was checked. */
export interface ExtractedMemory {
  readonly category: string;
  readonly title: string;
  readonly text: string;
  readonly kind: MemoryKind;
}

export const memoryKinds = ["fact", "observation", "decision", "preference", "procedure"] as const;
export type MemoryKind = (typeof memoryKinds)[number];

/**
 * Keeps memories. Called again with the same key after a crash: it must keep them once. A throw keeps the
 * batch for another time.
 */
export type KeepMemories = (batch: {
  /** Of the task and the compaction. */
  readonly key: string;
  readonly memories: readonly ExtractedMemory[];
  /** The task has read words of strangers: nobody can tell whose these are. */
  readonly tainted: boolean;
}) => Promise<void>;

/** Before the model is asked. `from` and `to` count messages of the conversation. */
export interface CompactionIntent {
  readonly kind: "compaction-intent";
  readonly n: number;
  readonly from: number;
  readonly to: number;
  /** What the request would have had, and might have. */
  readonly tokens: number;
  readonly limit: number;
  readonly at: string;
}

/** A model call for it, whatever became of its answer. */
export interface CompactionCall {
  readonly kind: "compaction-call";
  readonly n: number;
  readonly part: "memories" | "summary";
  /** Why the answer was refused, or null. */
  readonly why: string | null;
  readonly model: string;
  readonly usage: Usage;
  readonly costUsd: number;
  readonly at: string;
}

/** Nothing was changed. */
export interface CompactionFailed {
  readonly kind: "compaction-failed";
  readonly n: number;
  readonly why: string;
  readonly at: string;
}

/** Messages `from` to `to`, `to` not included, are replaced by one of the user. */
export interface Compaction {
  readonly kind: "compaction";
  readonly n: number;
  /** `shortened`: without a model. */
  readonly how: "summary" | "shortened";
  readonly from: number;
  readonly to: number;
  /** Null: nothing is put in their place, because there were none. */
  readonly text: string | null;
  /** Other messages that became shorter, by their number before. */
  readonly edits: readonly { readonly at: number; readonly message: Message }[];
  readonly memories: readonly ExtractedMemory[];
  readonly before: number;
  readonly after: number;
  /** What a provider takes, known from its refusal; null = nothing new. */
  readonly learned: number | null;
  readonly at: string;
}

export interface MemoriesKept {
  readonly kind: "memories-kept";
  readonly n: number;
  /** Why not, or null. */
  readonly why: string | null;
  readonly at: string;
}

export type ContextLine =
  | CompactionIntent
  | CompactionCall
  | CompactionFailed
  | Compaction
  | MemoriesKept;
