/** Whether two JSON values are the same result. Pure. */
import { isObject } from "../../system/json.ts";

/** Sums of fractions differ in their last digits from one way of adding them to another. */
const tolerance = 1e-9;

const mostDepth = 200;

export function isSame(one: unknown, other: unknown, depth = 0): boolean {
  if (depth > mostDepth) return false;
  if (typeof one === "number" && typeof other === "number") return isNear(one, other);
  if (Array.isArray(one) && Array.isArray(other))
    return (
      one.length === other.length &&
      one.every((value, index) => isSame(value, other[index], depth + 1))
    );
  if (!isObject(one) || !isObject(other)) return one === other;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isSame(one[key], other[key], depth + 1))
  );
}

/** Whole numbers are the same or they are not. */
function isNear(one: number, other: number): boolean {
  if (one === other) return true;
  if (Number.isInteger(one) && Number.isInteger(other)) return false;
  return Math.abs(one - other) <= tolerance * Math.max(1, Math.abs(one), Math.abs(other));
}
