/** How many events a uid may send: many at once, few in the long run. In memory; the clock is passed in. */

export interface Pace {
  /** True when `count` more are in order. */
  readonly take: (uid: number, count: number) => boolean;
}

export interface PaceLimits {
  readonly atOnce: number;
  readonly perSecond: number;
}

export const eventPace: PaceLimits = { atOnce: 4_000, perSecond: 50 };
/** Of refusals by the gateway; those of uids that are nobody's count together. */
export const denialPace: PaceLimits = { atOnce: 200, perSecond: 0.5 };
export const strangerPace: PaceLimits = { atOnce: 20, perSecond: 0.1 };

export function createPace(limits: PaceLimits, nowMs: () => number): Pace {
  const left = new Map<number, { readonly events: number; readonly at: number }>();
  return {
    take(uid, count) {
      const now = nowMs();
      const last = left.get(uid) ?? { events: limits.atOnce, at: now };
      const gained = (Math.max(0, now - last.at) / 1000) * limits.perSecond;
      const events = Math.min(limits.atOnce, last.events + gained);
      const isFine = events >= count;
      left.set(uid, { events: isFine ? events - count : events, at: now });
      return isFine;
    },
  };
}
