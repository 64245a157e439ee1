/** Names of thresholds in contracts (`min_pct: health.disk_min_free_pct`) → numbers of con.yaml. Pure. */
import type { HealthThresholds } from "../config/types.ts";
import type { BuiltinArguments } from "./types.ts";

const thresholdKeys: Readonly<Record<string, keyof HealthThresholds>> = {
  "health.disk_min_free_pct": "diskMinFreePct",
  "health.mem_min_free_pct": "memMinFreePct",
  "health.max_load_factor": "maxLoadFactor",
  "health.max_session_min": "maxSessionMin",
  "health.max_queue_age_min": "maxQueueAgeMin",
  "health.max_journal_mb": "maxJournalMb",
  "health.max_clock_jump_s": "maxClockJumpSeconds",
  "health.min_upstream_success_pct": "minUpstreamSuccessPct",
  "health.max_usd_per_day": "maxUsdPerDay",
};

/** Arguments that are numbers; elsewhere the same text is only text (`yaml_key` may ask for it). */
const numbers: ReadonlySet<string> = new Set([
  "min_pct",
  "max_factor",
  "max_min",
  "max_mb",
  "max_s",
  "usd_per_day",
]);

/** Null stands for a threshold that con.yaml does not set, which only `max_usd_per_day` may be. */
export function resolveThresholds(
  args: BuiltinArguments,
  thresholds: HealthThresholds,
): BuiltinArguments {
  const entries = Object.entries(args).map(([name, value]) => {
    if (!numbers.has(name) || typeof value !== "string") return [name, value];
    const key = Object.hasOwn(thresholdKeys, value) ? thresholdKeys[value] : undefined;
    return [name, key === undefined ? value : thresholds[key]];
  });
  return Object.fromEntries(entries);
}
