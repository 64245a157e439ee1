/** How deeply JSON is nested. Pure; takes no stack, whatever the value. */

/** Values nested deeper break whatever walks them by calling itself: JSON.stringify too. */
export const mostJsonDepth = 200;

/** A value that is neither array nor object has depth 0, an empty array 1. */
export function isDeeperThan(value: unknown, most: number): boolean {
  let level = [value].filter(isNest);
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth >= most) return true;
    level = level.flatMap((one) => Object.values(one).filter(isNest));
  }
  return false;
}

const isNest = (value: unknown): value is object => typeof value === "object" && value !== null;
