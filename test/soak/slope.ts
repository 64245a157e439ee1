/**
 * Does a series rise? Least squares over means of blocks, because neighbours in time depend on each other and blocks of
 * some length hardly do; with the two-sided 95 % bound of the slope by Student's t. Pure.
 *
 * The first fifth is left out: caches and pools fill then.
 */

export interface Point {
  /** Seconds. */
  readonly at: number;
  readonly value: number;
}

export interface Slope {
  readonly mean: number;
  /** Share of the mean by which it rises in an hour, and the bound on both sides. */
  readonly perHour: number;
  readonly bound: number;
  /** It surely rises, and in the run by more than a twentieth of its mean. */
  readonly rises: boolean;
}

const blocks = 12;
/** Student's t for 95 %, two-sided, with `blocks` - 2 degrees of freedom. */
const t = 2.228;
const tolerated = 0.05;

/** Null for a series too short to say anything. A rise of `least` in the run is none: a few pages, a few streams. */
export function slopeOf(series: readonly Point[], least = 0): Slope | null {
  const settled = series.slice(Math.ceil(series.length / 5));
  if (settled.length < 2 * blocks) return null;
  const points = Array.from({ length: blocks }, (_, index) => {
    const from = Math.floor((index * settled.length) / blocks);
    const block = settled.slice(from, Math.floor(((index + 1) * settled.length) / blocks));
    return { at: meanOf(block.map(({ at }) => at)), value: meanOf(block.map((one) => one.value)) };
  });
  const [at, mean] = [meanOf(points.map((one) => one.at)), meanOf(points.map((one) => one.value))];
  if (mean === 0) return { mean, perHour: 0, bound: 0, rises: false };
  const spread = sum(points.map((one) => (one.at - at) ** 2));
  const slope = sum(points.map((one) => (one.at - at) * (one.value - mean))) / spread;
  const rest = sum(points.map((one) => (one.value - mean - slope * (one.at - at)) ** 2));
  const bound = t * Math.sqrt(rest / (blocks - 2) / spread);
  const seconds = (points.at(-1)?.at ?? 0) - (points[0]?.at ?? 0);
  const share = 3600 / mean;
  const sure = slope - bound;
  const rises = sure > 0 && slope * seconds > Math.max(tolerated * mean, least);
  return { mean, perHour: slope * share, bound: bound * share, rises };
}

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);
const meanOf = (values: readonly number[]): number => sum(values) / values.length;
