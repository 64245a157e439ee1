/**
 * The memory of an agent as its runner uses it: for the tools, for what a compaction extracts, for threads, and as
 * background of a task. `state/memory.db`, opened when first needed and closed at the end of the session.
 *
 * On the way of every cold wake: nothing of src/memory is loaded before it is needed (test/runner/lazy.test.ts).
 * Never: fails a task. A memory that is damaged, away or without room is said to be so, to the model, in the log, and
 * by `con doctor`. After a crash: a turn that was not kept yet is kept at the next wake (memory/marks.ts).
 */
import type { Section } from "../agent/background.ts";
import type { KeepMemories } from "../agent/context/lines.ts";
import { reasonOf } from "../system/errors.ts";
import type { Task } from "../task/task.ts";
import type { MemoryDesk } from "../tools/desks.ts";
import type { ToolResult } from "../tools/result.ts";
import { hasIndex } from "./memory/index-file.ts";
import { markedIds, markTurn, taintTurn } from "./memory/marks.ts";
import { ownerOf } from "./memory/owner.ts";
import type { Work } from "./memory/work.ts";
import { type MemoryWorld, memoryPath } from "./memory/world.ts";

export interface AgentMemory {
  /** What the tools of `task` use. */
  readonly desk: (task: Task) => MemoryDesk;
  /** Null for an agent that could never recall it. */
  readonly keep: (task: Task) => KeepMemories | null;
  /** Before the first model call of `task`, so that its turn is not lost whatever happens. Throws for a full disk. */
  readonly begun: (task: Task) => void;
  /** `task` has read words of strangers; said before its answer is published. Throws for a full disk. */
  readonly tainted: (task: Task) => void;
  /** What the agent knows when `task` begins. */
  readonly background: (task: Task, signal: AbortSignal) => Promise<readonly Section[]>;
  /** Keeps the turns of tasks that ended, and closes. */
  readonly settle: () => Promise<void>;
}

export function createMemory(world: MemoryWorld): AgentMemory {
  const { disk, paths, log } = world;
  const has = (tool: string): boolean => world.agent.can.tools.includes(tool);
  const { work, close } = lazily(world);
  const marked = (): boolean => markedIds(disk, paths).length > 0;
  const known = (): boolean => disk.find(memoryPath(paths)) !== null || marked();

  /** `otherwise` when it cannot be done now. */
  const trying = async <T>(what: string, otherwise: T, act: () => Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (error) {
      log.warn(`memory: ${what}`, { why: reasonOf(error) });
      return otherwise;
    }
  };
  return {
    desk: (task) => deskOf(log, async () => (await work()).desk(task)),
    keep: (task) => (has("recall") ? async (batch) => (await work()).keep(task, batch) : null),
    begun: (task) => {
      const { thread } = task.request;
      if (thread !== null) markTurn(world, task, { owner: ownerOf(disk, paths, task), thread });
    },
    tainted: (task) => {
      if (task.request.thread !== null) taintTurn(world, task.id);
    },
    background: async (task, signal) => {
      const index =
        has("memories") && hasIndex(disk, paths)
          ? await trying("its index cannot be read", [], async () => {
              const { indexSections } = await import("./memory/index-text.ts");
              return indexSections(world, task);
            })
          : [];
      if (task.request.thread === null || !known()) return index;
      const said = await trying("what was said before is not at hand", [], async () =>
        (await work()).said(task, signal),
      );
      return [...index, ...said];
    },
    settle: async () => {
      if (marked())
        await trying("what was said will be kept later", undefined, async () =>
          (await work()).keepTurns(),
        );
      await close();
    },
  };
}

/** One opening at a time; one that failed is tried again at the next use. */
function lazily(world: MemoryWorld): {
  readonly work: () => Promise<Work>;
  readonly close: () => Promise<void>;
} {
  let opened: Promise<Work> | null = null;
  return {
    work: () => {
      opened ??= import("./memory/work.ts").then(({ openWork }) => openWork(world));
      const asked = opened;
      asked.catch(() => {
        if (opened === asked) opened = null;
      });
      return asked;
    },
    close: async () => {
      const open = opened;
      opened = null;
      // One that never opened was reported by whoever needed it.
      await open?.then(
        ({ close }) => close(),
        () => undefined,
      );
    },
  };
}

/** What goes wrong with the memory is told to the model: it goes on without. */
function deskOf(log: MemoryWorld["log"], desk: () => Promise<MemoryDesk>): MemoryDesk {
  const act = async (use: (of: MemoryDesk) => Promise<ToolResult>): Promise<ToolResult> => {
    try {
      return await use(await desk());
    } catch (error) {
      const why = reasonOf(error);
      log.warn("memory: a call failed", { why });
      return { ok: false, text: `the memory cannot be used now: ${why}. Go on without it.` };
    }
  };
  return {
    remember: (...args) => act((of) => of.remember(...args)),
    recall: (...args) => act((of) => of.recall(...args)),
    forget: (...args) => act((of) => of.forget(...args)),
    verify: (...args) => act((of) => of.verify(...args)),
    list: (...args) => act((of) => of.list(...args)),
  };
}
