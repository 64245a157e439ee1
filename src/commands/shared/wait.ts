/**
 * Waits for an answer. Looking is the truth; fs.watch only shortens the pause between two looks, so
 * a machine without a free inotify instance loses half a second and nothing else.
 */
import { type FSWatcher, watch } from "node:fs";
import type { AgentEntry, SystemRuntime } from "../../config/runtime.ts";
import { agentPaths } from "../../spool/layout.ts";
import { nodeDisk } from "../../system/disk.ts";
import { type Answer, readAnswer } from "./answer.ts";

const pauseMs = 500;

export type Settled = Answer & { readonly text: string };

export interface Waiting {
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Called now and then while there is no answer. */
  readonly meanwhile: () => void;
}

/** The answer, or null when `signal` came first. */
export async function waitForAnswer(
  system: SystemRuntime,
  agent: AgentEntry,
  id: string,
  { signal, meanwhile }: Waiting,
): Promise<Settled | null> {
  const bell = createBell(agentPaths(system.root, agent.name).outbox, signal);
  try {
    for (;;) {
      const answer = readAnswer(nodeDisk, system, agent, id);
      if (answer !== null && answer.text !== null) return { ...answer, text: answer.text };
      if (signal.aborted) return null;
      meanwhile();
      await bell.next();
    }
  } finally {
    bell.close();
  }
}

interface Bell {
  /** Resolves at a change, after a pause, or when the signal comes. */
  readonly next: () => Promise<void>;
  readonly close: () => void;
}

function createBell(directory: string, signal: AbortSignal): Bell {
  let changed = false;
  let wake = (): void => undefined;
  const ring = (): void => {
    changed = true;
    wake();
  };
  const watcher = tryWatch(directory, ring);
  signal.addEventListener("abort", ring);
  return {
    next: () =>
      new Promise((resolve) => {
        const timer = setTimeout(ring, pauseMs);
        wake = () => {
          clearTimeout(timer);
          changed = false;
          resolve();
        };
        if (changed) wake();
      }),
    close: () => {
      watcher?.close();
      signal.removeEventListener("abort", ring);
    },
  };
}

/** Null where the kernel gives no watch: limits (EMFILE, ENOSPC), or a directory that is not there. */
function tryWatch(directory: string, ring: () => void): FSWatcher | null {
  try {
    const watcher = watch(directory, ring);
    // Directory replaced or limit reached: from now on only the pauses count.
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code === "string") return null;
    throw error;
  }
}
