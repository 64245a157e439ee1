/** What a check finds in its environment: a path, a language, the thresholds; nothing of ours. Pure. */
import type { HealthThresholds } from "../../config/types.ts";

export function checkEnvironment(thresholds: HealthThresholds): Readonly<Record<string, string>> {
  const limits = Object.entries(thresholds).flatMap(([name, value]: [string, unknown]) =>
    typeof value === "number" ? [[thresholdVariable(name), String(value)] as const] : [],
  );
  return {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    LANG: "C.UTF-8",
    HOME: "/tmp",
    ...Object.fromEntries(limits),
  };
}

/** diskMinFreePct → CON_HEALTH_DISK_MIN_FREE_PCT */
const thresholdVariable = (name: string): string =>
  `CON_HEALTH_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
