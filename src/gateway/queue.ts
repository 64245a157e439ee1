/**
 * Lets at most `limit()` calls through at a time, in fair order: one from each waiting uid in turn, so
 * that an agent with a hundred calls delays another's one call by at most one. In memory only.
 */

export interface FairQueue {
  /**
   * Resolves with the release function when it is this caller's turn; with null when
   * too many wait already, or when `signal` aborted first.
   */
  readonly enter: (uid: number, signal: AbortSignal) => Promise<(() => void) | null>;
}

interface Waiter {
  readonly start: () => void;
  readonly signal: AbortSignal;
}

export function createFairQueue(limit: () => number, waitingPerUid: number): FairQueue {
  let running = 0;
  /** Insertion order is the order of turns; a uid that was served goes to the end. */
  const waiting = new Map<number, Waiter[]>();

  const next = (): void => {
    for (const [uid, line] of waiting) {
      if (running >= limit()) return;
      waiting.delete(uid);
      const waiter = line.shift();
      if (line.length > 0) waiting.set(uid, line);
      if (waiter === undefined || waiter.signal.aborted) continue;
      waiter.start();
    }
  };

  const release = (): (() => void) => {
    let done = false;
    return () => {
      if (done) return;
      done = true;
      running -= 1;
      next();
    };
  };

  return {
    enter(uid, signal) {
      if (signal.aborted) return Promise.resolve(null);
      const line = waiting.get(uid) ?? [];
      if (line.filter((waiter) => !waiter.signal.aborted).length >= waitingPerUid) {
        return Promise.resolve(null);
      }
      return new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve(null), { once: true });
        line.push({
          signal,
          start: () => {
            running += 1;
            resolve(release());
          },
        });
        waiting.set(uid, line);
        // The limit may have grown since the last call ended.
        next();
      });
    },
  };
}
