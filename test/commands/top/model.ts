/** A turn of `con top` as tests want it. */
import type { Row, Turn } from "../../../src/commands/top/types.ts";

export const row = (name: string, rest: Partial<Row> = {}): Row => ({
  ...{ name, tier: "worker", parent: null, state: "waiting", hold: null, task: null, step: null },
  ...{ pending: 0, active: 0, deferred: 0, held: 0 },
  ...{ spend: null, cpu_usec: null, cpu_pct: null, memory_bytes: null },
  ...rest,
});

export const spend = (
  usd: number,
  tokens: number,
  rest: Partial<NonNullable<Row["spend"]>> = {},
) => ({
  ...{ day: "2027-01-31", usd, tokens, usd_per_day: null, tokens_per_day: null },
  ...{ with_children: null, ...rest },
});

export const turn = (agents: readonly Row[], rest: Partial<Turn> = {}): Turn => ({
  at: "2027-01-31T12:00:00.000Z",
  system: { name: "test", isolation: "kernel", state: "ready" },
  gateway: { state: "waiting" },
  halted: null,
  spend: null,
  machine: {
    ...{ load: [0.5, 1.25, 2], cores: 4 },
    ...{ memory_bytes: 8 * 1024 ** 3, memory_available_bytes: 6.5 * 1024 ** 3 },
  },
  totals: { agents: agents.length, working: 0, pending: 0, active: 0, deferred: 0, held: 0 },
  agents,
  ...rest,
});
