/**
 * Contracts as values: what is watched, what came out, what is done about it. Types only.
 *
 * A contract file (docs/decisions/0003-contracts.md) is parsed once into a `Contract`; an evaluation makes a
 * `Result` for each check that is due; incidents are kept from one evaluation to the next.
 */
import type { HealthRuntime } from "../config/runtime.ts";
import type { HealthThresholds } from "../config/types.ts";

export type { HealthRuntime } from "../config/runtime.ts";

export type Severity = "critical" | "high" | "medium" | "low";

/** From harmless to drastic. All but `alert` are requests to the steward. */
export type Action =
  | "alert"
  | "reapply"
  | "kill_session"
  | "quarantine"
  | "halt_workers"
  | "halt_agents";

export interface Contract {
  readonly id: string;
  readonly description: string;
  readonly type: "detective" | "preventive";
  /** Of a preventive contract: what prevents it, and what the checks verify to be present. */
  readonly mechanism: string | null;
  readonly enforcement: string | null;
  /** Agent that it is about; null = the system. */
  readonly agent: string | null;
  /** Null = at each run of the timer. */
  readonly everySeconds: number | null;
  /** Never evaluated by the timer, only when a person asks for it. */
  readonly manual: boolean;
  readonly severity: Severity;
  readonly tags: readonly string[];
  /** Ids of contracts; while one of them fails this one is skipped. */
  readonly dependsOn: readonly string[];
  /** Conditions of which one is enough to skip it. */
  readonly skipIf: readonly SkipIf[];
  readonly checks: readonly Check[];
  /** Absolute path of its file. */
  readonly file: string;
}

export type SkipIf =
  | { readonly kind: "command_not_available"; readonly value: string }
  | { readonly kind: "env_var_unset"; readonly value: string }
  | { readonly kind: "path_not_exists"; readonly value: string }
  | { readonly kind: "not_in_ci"; readonly value: true };

export interface Check {
  /** Unique in its contract. */
  readonly name: string;
  readonly probe: Probe;
  readonly timeoutSeconds: number;
  readonly onFail: OnFail;
  /** Absent = the contract's. */
  readonly severity?: Severity;
  /** Beside the contract's own conditions. */
  readonly skipIf?: readonly SkipIf[];
}

export interface OnFail {
  readonly action: Action;
  /** Agent that gets a task about it; null = nobody. */
  readonly escalate: string | null;
  /** What a person should know and do; empty = the check's own words. */
  readonly message: string;
  /** Consecutive failures before anything is done, at least 1. */
  readonly after: number;
}

export type Probe =
  | {
      readonly kind: "command";
      /** Shell text of the root-owned contract; its output is `$RESULT` of `test`. */
      readonly run: string;
      /** Shell text; null = the exit code of `run` decides. */
      readonly test: string | null;
      readonly exitCode: number | null;
      readonly outputMatches: string | null;
      readonly user: CheckUser;
    }
  | {
      readonly kind: "script";
      /** Absolute path of a root-owned file, or its text. */
      readonly path: string | null;
      readonly inline: string | null;
      readonly user: CheckUser;
    }
  /** `with` has passed the built-in's own part of the schema; thresholds are still names. */
  | { readonly kind: "builtin"; readonly name: string; readonly with: BuiltinArguments };

export type CheckUser = "con-check" | "root";

export type BuiltinArguments = Readonly<Record<string, unknown>>;

/** What looking at one thing came to. `found` and `why` are for people; they hold no file content. */
export type Verdict =
  | { readonly state: "pass"; readonly found: string }
  | {
      readonly state: "fail";
      readonly found: string;
      /** Equal for the same trouble: without times, sizes and other numbers that move. */
      readonly key: string;
      /** Command that mends it, where the check knows better than the contract. */
      readonly remedy: string | null;
      /** Agents at fault, for kill_session and quarantine; the contract's own agent if empty. */
      readonly agents: readonly string[];
    }
  /** It could not be made; counts as failing. */
  | { readonly state: "error"; readonly why: string }
  /** There is nothing to check here, e.g. no GPU was asked for. */
  | { readonly state: "skipped"; readonly why: string };

export interface Result {
  readonly contract: string;
  readonly check: string;
  readonly severity: Severity;
  readonly verdict: Verdict;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly durationMs: number;
  readonly onFail: OnFail;
  /** The contract's own agent. */
  readonly agent: string | null;
}

/** A contract file that cannot be used: a failing finding of its own. Line and column count from 1. */
export interface BadContract {
  readonly file: string;
  readonly problems: readonly {
    readonly line: number;
    readonly column: number;
    readonly key: string;
    readonly why: string;
    readonly remedy: string;
  }[];
}

export interface ContractSet {
  /** Sorted by id; ids are unique. */
  readonly contracts: readonly Contract[];
  readonly bad: readonly BadContract[];
}

/** What a built-in check may use. Passed in, so that tests have their own. */
export interface ProbeWorld {
  readonly health: HealthRuntime;
  readonly thresholds: HealthThresholds;
  readonly now: () => number;
  /** Aborts at the check's deadline. */
  readonly signal: AbortSignal;
  /** What this check kept at its last evaluation; null at first. */
  readonly memory: unknown;
  /** Kept for the next evaluation; must be JSON. */
  readonly remember: (value: unknown) => void;
}

/** One built-in check. Never throws for what it looks at: that is a verdict. */
export type BuiltinCheck = (args: BuiltinArguments, world: ProbeWorld) => Promise<Verdict>;

export interface Incident {
  /** `inc-` and a UUID version 7. */
  readonly id: string;
  readonly contract: string;
  readonly check: string;
  readonly severity: Severity;
  /** `pending` until it failed `onFail.after` times in a row. */
  readonly state: "pending" | "open" | "closed";
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** Latest opening or reopening; null while pending. */
  readonly openedAt: number | null;
  readonly closedAt: number | null;
  /** What closed it, in words; null unless closed. */
  readonly closedWhy: string | null;
  /** Its closing was told to whom it had escalated. */
  readonly closureTold: boolean;
  /** Evaluations that saw it fail. */
  readonly count: number;
  /** The same in a row, up to the latest. */
  readonly streak: number;
  /** How often it came back within the hour. */
  readonly reopened: number;
  /** Of the contract, as it was when the check failed last. */
  readonly onFail: OnFail;
  readonly key: string;
  /** The latest answer was none: nothing is stopped or changed for what was not seen. */
  readonly unmade: boolean;
  readonly evidence: string;
  readonly remedy: string;
  readonly agents: readonly string[];
  readonly escalations: number;
  readonly lastEscalatedAt: number | null;
  /** Key at the last escalation. */
  readonly escalatedKey: string | null;
  readonly actions: readonly ActionTaken[];
}

export interface ActionTaken {
  readonly at: number;
  readonly action: Action;
  readonly agents: readonly string[];
  /** Id of the request to the steward, null for `alert`. */
  readonly request: string | null;
  /** The incident's at that time. */
  readonly key: string;
}
