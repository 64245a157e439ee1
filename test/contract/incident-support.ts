/** Contracts, results and incidents to play with, and a clock that runs by the minute. */
import { type Advance, advance, withAction, withEscalation } from "../../src/contract/incident.ts";
import type {
  BadContract,
  Contract,
  HealthRuntime,
  Incident,
  OnFail,
  Result,
  Verdict,
} from "../../src/contract/types.ts";

export const minute = 60_000;
export const hour = 60 * minute;
export const start = Date.parse("2027-01-01T00:00:00Z");

export const onFailOf = (rest: Partial<OnFail> = {}): OnFail => ({
  action: "alert",
  escalate: "sysadmin",
  message: "Free some space.",
  after: 1,
  ...rest,
});

export const contractOf = (
  id: string,
  onFail: Partial<OnFail> = {},
  rest: Partial<Contract> = {},
): Contract => ({
  id,
  description: `about ${id}`,
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
  checks: [
    {
      name: "check",
      probe: { kind: "builtin", name: "disk_free", with: {} },
      timeoutSeconds: 10,
      onFail: onFailOf(onFail),
    },
  ],
  file: `/srv/con/contracts/${id}.yaml`,
  ...rest,
});

export const pass: Verdict = { state: "pass", found: "20 % free" };
export const skipped: Verdict = { state: "skipped", why: "no GPU was asked for" };
export const failing = (key = "full", agents: readonly string[] = []): Verdict => ({
  state: "fail",
  found: `it is ${key}`,
  key,
  remedy: null,
  agents,
});

export const resultOf = (contract: Contract, verdict: Verdict, at = start): Result => ({
  contract: contract.id,
  check: contract.checks[0]?.name ?? "check",
  severity: contract.severity,
  verdict,
  at,
  durationMs: 5,
  onFail: contract.checks[0]?.onFail ?? onFailOf(),
  agent: contract.agent,
});

/** Chance that is none: counts. */
export function counter(): (count: number) => Uint8Array {
  let next = 0;
  return (count) => {
    next += 1;
    const bytes = Buffer.alloc(count);
    bytes.writeUInt32BE(next, count - 4);
    return bytes;
  };
}

/** One system over time. What is due is done at once, unless it is told otherwise. */
export class Course {
  incidents: readonly Incident[] = [];
  now = start;
  readonly told: { at: number; id: string; why: string; key: string }[] = [];
  readonly asked: { at: number; action: string; agents: readonly string[] }[] = [];
  readonly #randomBytes = counter();
  contracts: readonly Contract[];
  bad: readonly BadContract[] = [];
  deliverable = true;
  askable = true;

  constructor(...contracts: readonly Contract[]) {
    this.contracts = contracts;
  }

  /** One evaluation with a verdict for each contract that is due (null: it is not). */
  step(...verdicts: readonly (Verdict | null)[]): Advance {
    const results = this.contracts.flatMap((contract, index) => {
      const verdict = verdicts[index] ?? null;
      return verdict === null ? [] : [resultOf(contract, verdict, this.now)];
    });
    const set = { contracts: this.contracts, bad: this.bad };
    const world = { set, randomBytes: this.#randomBytes };
    const result = advance(this.incidents, results, this.now, world);
    this.incidents = result.incidents.map((incident) => this.#act(incident, result));
    return result;
  }

  #act(before: Incident, { actions, escalations }: Advance): Incident {
    let incident = before;
    const wanted = actions.find((one) => one.incident.id === before.id);
    if (wanted !== undefined && this.askable) {
      const { action, agents } = wanted;
      this.asked.push({ at: this.now, action, agents });
      incident = withAction(incident, {
        at: this.now,
        action,
        agents,
        request: "id",
        key: before.key,
      });
    }
    const due = escalations.find((one) => one.incident.id === before.id);
    if (due === undefined || !this.deliverable) return incident;
    this.told.push({ at: this.now, id: before.id, why: due.why, key: before.key });
    return withEscalation(incident, this.now);
  }

  /** The same verdicts once a minute. */
  run(minutes: number, ...verdicts: readonly (Verdict | null)[]): void {
    for (let n = 0; n < minutes; n += 1) {
      this.step(...verdicts);
      this.now += minute;
    }
  }

  /** Minutes since the start at which something was told. */
  get minutesTold(): number[] {
    return this.told.map(({ at }) => (at - start) / minute);
  }

  get only(): Incident {
    const [incident, ...more] = this.incidents;
    if (incident === undefined || more.length > 0) throw new Error("there should be one incident");
    return incident;
  }
}

export const incidentOf = (rest: Partial<Incident> = {}): Incident => ({
  id: "inc-1",
  contract: "A",
  check: "check",
  severity: "high",
  state: "open",
  firstSeen: start,
  lastSeen: start,
  openedAt: start,
  closedAt: null,
  closedWhy: null,
  closureTold: false,
  count: 1,
  streak: 1,
  reopened: 0,
  onFail: onFailOf(),
  key: "full",
  unmade: false,
  evidence: "it is full",
  remedy: "",
  agents: [],
  escalations: 0,
  lastEscalatedAt: null,
  escalatedKey: null,
  actions: [],
  ...rest,
});

export const healthOf = (
  root: string,
  names: readonly string[],
  rest: Partial<HealthRuntime> = {},
): HealthRuntime => ({
  version: 1,
  name: "test",
  root,
  frontDesk: names[0] ?? "none",
  sysadmin: names[0] ?? "none",
  intervalSeconds: 60,
  thresholds: {
    diskMinFreePct: 15,
    memMinFreePct: 10,
    maxLoadFactor: 2,
    maxSessionMin: 30,
    maxQueueAgeMin: 60,
    maxJournalMb: 500,
    maxClockJumpSeconds: 60,
    minUpstreamSuccessPct: 50,
    maxUsdPerDay: null,
  },
  agents: names.map((name, index) => ({
    name,
    uid: 60_000 + index,
    tier: "worker",
    wake: "path",
    runtimeSeconds: 1800,
    scheduled: false,
  })),
  credentials: [],
  ...rest,
});
