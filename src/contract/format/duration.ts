/** Times in contracts: `60s`, `5m`, `1h30m`, `2d`; a bare number is seconds. Pure. */
import type { RawDuration } from "./raw.ts";

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 };

/** Null for what is no time. */
export function durationSeconds(raw: RawDuration): number | null {
  if (typeof raw === "number") return Number.isInteger(raw) && raw > 0 ? raw : null;
  if (!/^([1-9]\d{0,5}(s|min|m|h|d))+$/.test(raw)) return null;
  const parts = [...raw.matchAll(/(\d+)(s|min|m|h|d)/g)];
  return parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * (seconds[unit ?? ""] ?? 0),
    0,
  );
}
