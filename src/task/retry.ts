/**
 * When a task is tried again, and when patience ends. All constants that depend on each other are
 * here; test/task/retry.test.ts holds their order.
 */

export const minute = 60_000;

/** Attempts that may end without an outcome or without a named retry time. */
export const maxStrikes = 5;
/** Wait after the first, second, … strike. */
export const backoffMs: readonly number[] = [1, 5, 25, 125].map((count) => count * minute);
/** A crash without progress is retried at once this often; then it waits like a deferral. */
export const freeCrashes = 1;
/** How long a session waits for the next task, and for a slow writer. */
export const lingerMs = 3_000;
/** Of a temporary agent, which gets one task: whoever made it waits for its end. */
export const briefLingerMs = 100;
/** Without file leases: a file is whole when it did not change for this long. */
export const quietMs = 2_000;
/** Temporary names older than this were left by a crash. */
export const temporaryMaxAgeMs = 36 * 60 * minute;

export type NextAttempt =
  | { readonly kind: "at"; readonly ms: number; readonly strikes: number }
  | { readonly kind: "never"; readonly strikes: number };

/**
 * Fate of a deferral after `strikes` earlier ones. A cause that names its time (Retry-After, budget
 * reset) is no strike. `deadline`, RFC 3339, pulls the retry forward so that expiry is told in time.
 */
export function nextAttempt(
  strikes: number,
  now: number,
  notBefore: number | null,
  deadline: string | null = null,
): NextAttempt {
  const latest = deadline === null ? Number.POSITIVE_INFINITY : Date.parse(deadline);
  if (notBefore !== null) {
    return { kind: "at", ms: Math.max(now, Math.min(notBefore, latest)), strikes };
  }
  const wait = backoffMs[strikes];
  if (wait === undefined || strikes + 1 >= maxStrikes)
    return { kind: "never", strikes: strikes + 1 };
  return { kind: "at", ms: Math.max(now, Math.min(now + wait, latest)), strikes: strikes + 1 };
}

/** True when nobody wants the answer any more. */
export const expired = (deadline: string | null, now: number): boolean =>
  deadline !== null && Date.parse(deadline) <= now;
