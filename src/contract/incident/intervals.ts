/**
 * When something is said or done again. Coupled, so together: news are told sooner than mere repetition
 * at every place of the row, and the times of an incident that is closed are kept long enough to count.
 *
 * Bounds that follow (test/contract/incident.test.ts): one incident escalates at most 10 times in its first day and
 * 6 times in each later one, whatever its check says. A check whose incidents stay closed for more than an
 * hour each time, so that a new one begins, escalates at most 3 times in 92 minutes in the long run.
 */
const minute = 60_000;
const hour = 60 * minute;

/** Between two escalations of one incident, whatever happens. */
const leastBetween = 10 * minute;
const mostBetweenNews = 4 * hour;
const repetition = [hour, 4 * hour, 24 * hour] as const;

/** A check that fails this soon after its incident closed is that incident again. */
export const reopenWithin = hour;

/** A check that has nothing to look at any more for so long closes its incident. */
export const skippedTooLong = 24 * hour;

/** Since the last of `told` escalations (at least 1), while the same goes on. */
export const repeatAfter = (told: number): number =>
  repetition[Math.min(told, repetition.length) - 1] ?? repetition[repetition.length - 1] ?? hour;

/** The same, when it came back or its evidence changed. */
export const newsAfter = (told: number): number =>
  Math.min(leastBetween * 2 ** (Math.max(told, 1) - 1), mostBetweenNews);

const mostBetweenReapply = 6 * hour;

/** Since the last of `asked` requests (at least 1) to mend the same: 1, 5, 25 min … */
export const reapplyAfter = (asked: number): number =>
  Math.min(minute * 5 ** (Math.max(asked, 1) - 1), mostBetweenReapply);
