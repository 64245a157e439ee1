import { expect, test } from "vitest";
import { healthDefaults } from "../../src/config/system.ts";
import { resolveThresholds } from "../../src/contract/thresholds.ts";

test.each([
  [
    { path: "/", min_pct: "health.disk_min_free_pct" },
    { path: "/", min_pct: 15 },
  ],
  [{ min_pct: "health.mem_min_free_pct" }, { min_pct: 10 }],
  [{ max_factor: "health.max_load_factor" }, { max_factor: 2 }],
  [{ max_min: "health.max_session_min" }, { max_min: 30 }],
  [{ max_min: "health.max_queue_age_min" }, { max_min: 60 }],
  [{ max_mb: "health.max_journal_mb" }, { max_mb: 250 }],
  [{ max_s: "health.max_clock_jump_s" }, { max_s: 60 }],
  [{ min_pct: "health.min_upstream_success_pct" }, { min_pct: 50 }],
  [{ usd_per_day: "health.max_usd_per_day" }, { usd_per_day: null }],
  [
    { min_pct: 3, agents: ["a"] },
    { min_pct: 3, agents: ["a"] },
  ],
])("%j is %j", (args, expected) => {
  expect(resolveThresholds(args, healthDefaults)).toEqual(expected);
});

test("a change of con.yaml changes what comes out", () => {
  const args = { min_pct: "health.disk_min_free_pct" };
  expect(resolveThresholds(args, { ...healthDefaults, diskMinFreePct: 101 })).toEqual({
    min_pct: 101,
  });
});

test("text that only looks like a threshold stays text", () => {
  const args = { path: "/etc/con/con.yaml", key: "health.disk_min_free_pct", equals: 15 };
  expect(resolveThresholds(args, healthDefaults)).toEqual(args);
});
