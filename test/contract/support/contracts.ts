/** Contracts and a world for tests of the engine. */
import type { EvaluationWorld } from "../../../src/contract/evaluate.ts";
import type {
  BuiltinArguments,
  BuiltinCheck,
  Check,
  Contract,
  HealthRuntime,
  Probe,
  ProbeWorld,
  Verdict,
} from "../../../src/contract/types.ts";

export const health: HealthRuntime = {
  version: 1,
  name: "test",
  root: "/srv/con",
  frontDesk: "concierge",
  sysadmin: "sysadmin",
  intervalSeconds: 60,
  thresholds: {
    diskMinFreePct: 15,
    memMinFreePct: 10,
    maxLoadFactor: 2,
    maxSessionMin: 30,
    maxQueueAgeMin: 15,
    maxJournalMb: 100,
    maxClockJumpSeconds: 5,
    minUpstreamSuccessPct: 50,
    maxUsdPerDay: null,
  },
  agents: [],
  credentials: [],
};

export function contract(id: string, change: Partial<Contract> = {}): Contract {
  return {
    id,
    description: id,
    type: "detective",
    mechanism: null,
    enforcement: null,
    agent: null,
    everySeconds: null,
    manual: false,
    severity: "high",
    tags: [],
    dependsOn: [],
    skipIf: [],
    checks: [check(builtin("ok"))],
    file: `/srv/con/contracts/${id}.yaml`,
    ...change,
  };
}

export function check(probe: Probe, change: Partial<Check> = {}): Check {
  const onFail = { action: "alert", escalate: null, message: "", after: 1 } as const;
  return { name: "check", probe, timeoutSeconds: 20, onFail, ...change };
}

export const builtin = (name: string, args: BuiltinArguments = {}): Probe => ({
  kind: "builtin",
  name,
  with: args,
});

type CommandProbe = Extract<Probe, { readonly kind: "command" }>;
type ScriptProbe = Extract<Probe, { readonly kind: "script" }>;

export const command = (run: string, change: Partial<CommandProbe> = {}): CommandProbe => ({
  kind: "command",
  run,
  test: null,
  exitCode: null,
  outputMatches: null,
  user: "con-check",
  ...change,
});

export const script = (change: Partial<ScriptProbe>): ScriptProbe => ({
  kind: "script",
  path: null,
  inline: null,
  user: "con-check",
  ...change,
});

export const verdictOf = (state: "pass" | "fail"): Verdict =>
  state === "pass"
    ? { state, found: "fine" }
    : { state, found: "broken", key: "broken", remedy: null, agents: [] };

export function world(change: Partial<EvaluationWorld> = {}): EvaluationWorld {
  return {
    health,
    now: Date.now,
    builtins: new Map<string, BuiltinCheck>([
      ["ok", async () => verdictOf("pass")],
      ["bad", async () => verdictOf("fail")],
    ]),
    runProgram: async () => verdictOf("pass"),
    concurrency: 16,
    memory: new Map(),
    failing: new Set(),
    environment: {},
    ...change,
  };
}

export function probeWorld(change: Partial<ProbeWorld> = {}): ProbeWorld {
  return {
    health,
    thresholds: health.thresholds,
    now: Date.now,
    signal: new AbortController().signal,
    memory: null,
    remember: () => undefined,
    ...change,
  };
}
