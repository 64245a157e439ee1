/**
 * What one evaluation may spend on looking into the trees of agents, in fair shares: whoever makes much to look
 * at takes nothing from the others, and what one leaves over is for the next ones. Keeps nothing.
 */

export interface Spending {
  readonly bytes: number;
  readonly milliseconds: number;
}

export interface Meter {
  /** False when the share is used up; true at first, so that every tree gets on. */
  readonly mayGoOn: () => boolean;
  readonly spend: (bytes: number) => void;
  /** What is left for the others. */
  readonly rest: () => Spending;
}

/** Meters one share of `all` while `waiting` trees, this one included, are to have one. */
export function meter(all: Spending, waiting: number, now: () => number): Meter {
  const share = { bytes: all.bytes / waiting, milliseconds: all.milliseconds / waiting };
  const began = now();
  let bytes = 0;
  let asked = false;
  return {
    mayGoOn: () => {
      const first = !asked;
      asked = true;
      return first || (bytes < share.bytes && now() - began < share.milliseconds);
    },
    spend: (count) => {
      bytes += count;
    },
    rest: () => ({
      bytes: Math.max(0, all.bytes - bytes),
      milliseconds: Math.max(0, all.milliseconds - (now() - began)),
    }),
  };
}
