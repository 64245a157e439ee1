/** How long a call may wait, as a model says it: `30min`. Pure. */

const minute = 60_000;
const units: Readonly<Record<string, number>> = { s: 1000, min: minute, h: 60 * minute };
const maxMs = 24 * 60 * minute;

export const timeoutParameter = {
  type: "string",
  pattern: "^[1-9][0-9]{0,4}(s|min|h)$",
  description: "How long to wait, e.g. 30min or 2h; at most 24h (default 1h)",
} as const;

/** Null for what is no such time, or more than a day. */
export function timeoutMs(timeout: string): number | null {
  const [, count, unit] = /^(\d+)(s|min|h)$/.exec(timeout) ?? [];
  const ms = Number(count) * (units[unit ?? ""] ?? Number.NaN);
  return ms > 0 && ms <= maxMs ? ms : null;
}
