/**
 * Hints that something happened in an inbox. A hint may be late, doubled or missing: the scan is the
 * truth, and who waits here waits with a limit.
 *
 * Where the kernel has no inotify instance to give, time itself is the hint, four times a second.
 */

import { type FSWatcher, watch } from "node:fs";
import { reasonOf } from "../system/errors.ts";
import type { Log } from "../system/log.ts";

export interface Hints {
  /** True when a hint came (also one from before the call), false after `ms` or an abort. */
  readonly wait: (ms: number, signal?: AbortSignal) => Promise<boolean>;
  /** Whether a hint lies ready; takes it. */
  readonly take: () => boolean;
  /** Something else woke us: the bell. */
  readonly give: () => void;
  /** The next event with this file name is our own doing. */
  readonly expect: (name: string) => void;
  readonly close: () => void;
}

const fallbackMs = 250;

/** Watches `directories` until closed. */
export function watchInboxes(directories: readonly string[], log: Log): Hints {
  const hints = createHints();
  const watchers: FSWatcher[] = [];
  let timer: NodeJS.Timeout | null = null;
  const poll = (why: string): void => {
    if (timer !== null) return;
    log.warn("cannot watch the inboxes; looking four times a second", { why });
    timer = setInterval(hints.give, fallbackMs);
  };
  for (const directory of directories) {
    try {
      const watcher = watch(directory, (_, name) => hints.event(name ?? ""));
      watcher.on("error", (error) => poll(error.message));
      watchers.push(watcher);
    } catch (error) {
      poll(reasonOf(error));
    }
  }
  const close = (): void => {
    for (const watcher of watchers) watcher.close();
    if (timer !== null) clearInterval(timer);
  };
  return { ...hints, close };
}

/** The waiting itself, without a source of events. */
export function createHints(): Omit<Hints, "close"> & { readonly event: (name: string) => void } {
  const expected = new Set<string>();
  const waiters = new Set<() => void>();
  let pending = false;
  const give = (): void => {
    pending = true;
    for (const wake of [...waiters]) wake();
  };
  const take = (): boolean => {
    const had = pending;
    pending = false;
    return had;
  };
  const wait = (ms: number, signal?: AbortSignal): Promise<boolean> => {
    if (pending || ms <= 0 || signal?.aborted === true) return Promise.resolve(take());
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        waiters.delete(finish);
        signal?.removeEventListener("abort", finish);
        resolve(take());
      };
      // Node counts a longer timer as none at all.
      const timer = setTimeout(finish, Math.min(ms, 2 ** 31 - 1));
      waiters.add(finish);
      signal?.addEventListener("abort", finish);
    });
  };
  const event = (name: string): void => {
    // Senders' dot-names come before the real one; our own removals are no news.
    if (name.startsWith(".") || expected.delete(name)) return;
    give();
  };
  return { wait, take, give, event, expect: (name) => expected.add(name) };
}
