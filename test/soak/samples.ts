/** What inside/sampler.mts wrote, as series and as peaks. Pure. */
import type { Point } from "./slope.ts";

interface Use {
  readonly rss: number;
  readonly pss: number;
  readonly anon: number;
  readonly descriptors: number;
  readonly count: number;
}

export interface Sample {
  readonly at: number;
  readonly units: Readonly<Record<string, Use>>;
  readonly disk?: Readonly<Record<"data" | "inodes" | "state" | "journal" | "run", number>>;
}

/** Of one unit while it is there, or of all that is the system's own. */
export function series(samples: readonly Sample[], unit: string | null, of: keyof Use): Point[] {
  return samples.flatMap(({ at, units }) => {
    const uses = Object.entries(units).filter(([name]) =>
      unit === null ? isPart(name) : name === unit,
    );
    const value = uses.reduce((sum, [, use]) => sum + use[of], 0);
    return unit !== null && uses.length === 0 ? [] : [{ at: at / 1000, value }];
  });
}

/** Neither what the test runs beside it, nor its model. */
const isPart = (unit: string): boolean => unit !== "other" && !/^(?:soak-|con-test-)/.test(unit);

export const most = (points: readonly Point[]): number =>
  points.reduce((highest, { value }) => Math.max(highest, value), 0);

export function disk(samples: readonly Sample[], of: keyof NonNullable<Sample["disk"]>): Point[] {
  return samples.flatMap(({ at, disk: found }) =>
    found === undefined ? [] : [{ at: at / 1000, value: found[of] }],
  );
}
