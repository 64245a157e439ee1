/** Who does most stands first. Pure. */
import type { Row } from "./types.ts";

/** Each weighs only where those before it are equal. */
const weights: readonly ((row: Row) => number)[] = [
  ({ state }) => (state === "working" ? 1 : 0),
  ({ cpu_pct }) => cpu_pct ?? 0,
  ({ active }) => active ?? 0,
  ({ pending }) => pending ?? 0,
  ({ deferred, held }) => (deferred ?? 0) + (held ?? 0),
  ({ spend }) => spend?.usd ?? 0,
  ({ spend }) => spend?.tokens ?? 0,
];

export const busiestFirst = (rows: readonly Row[]): Row[] =>
  [...rows].sort((a, b) => {
    for (const weight of weights) {
      const difference = weight(b) - weight(a);
      if (difference !== 0) return difference;
    }
    return a.name < b.name ? -1 : 1;
  });
