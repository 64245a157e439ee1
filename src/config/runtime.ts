/** What bootstrap compiles for each program: JSON under /var/lib/con/compiled. Types only. */
import type {
  Agent,
  AgentLimits,
  ApprovalRule,
  ArchiveBounds,
  Budget,
  Cascade,
  Constraints,
  ForgePart,
  HealthThresholds,
  May,
  ModelAlias,
  Provider,
  Retention,
  SearchEngine,
  SpawnRight,
  Tier,
} from "./types.ts";

/** /var/lib/con/compiled/system.json, readable by everyone: no secret, no instruction. */
export interface SystemRuntime {
  readonly version: 1;
  readonly name: string;
  /** `/srv/con`, or the directory of `con dev`. */
  readonly root: string;
  readonly frontDesk: string;
  /** Gateway socket path. */
  readonly gateway: string;
  readonly agents: readonly AgentEntry[];
  readonly models: readonly string[];
  /** Absent where forged tools may use no packages. */
  readonly forge?: ForgePart;
}

export interface AgentEntry {
  readonly name: string;
  readonly uid: number;
  readonly tier: Tier;
  readonly description: string;
  readonly model: string;
  readonly schedule: string | null;
  /** How it is woken: a path unit, or a FIFO that delivery rings plus the sweep timer. */
  readonly wake: "path" | "bell";
  /** Of a temporary agent: who made it. */
  readonly parent?: string;
  /** A program of its own does its tasks. */
  readonly isProgram?: true;
  readonly gpu?: true;
}

/** /var/lib/con/compiled/agents/NAME.json, readable by that agent only. */
export interface AgentRuntime {
  readonly version: 1;
  readonly name: string;
  readonly uid: number;
  readonly tier: Tier;
  readonly model: string;
  /** Tokens of its model's window; null = unknown. Absent in a file of an earlier version. */
  readonly context?: number | null;
  /** Who sums up long conversations; absent or null = its own model. */
  readonly summarizer?: ModelWindow | null;
  /** Each alias that it may use → tokens of its window. Absent in a file of an earlier version. */
  readonly models?: Readonly<Record<string, number | null>>;
  /** Directories that this agent claims from: its own inbox, and the outer one at the front desk. */
  readonly inboxes: readonly string[];
  /** Uids of group `trusted`, resolved at bootstrap; root is always verified. */
  readonly trustedUids: readonly number[];
  /** Uids of agents that may start work here; others may only answer. */
  readonly taskerUids: readonly number[];
  /** Without what had ended when it was compiled. */
  readonly can: Agent["can"];
  /** Also of what had ended, so that a refusal can say so. Absent in a file of an earlier version. */
  readonly constraints?: Constraints;
  /** Absent in a file of an earlier version, which had none. */
  readonly spawn?: SpawnRight | null;
  /** Of the temporary agents that it may make, for its model to choose from. */
  readonly roles?: readonly { readonly name: string; readonly description: string }[];
  readonly may: May;
  readonly approval: readonly ApprovalRule[];
  readonly budget: Budget;
  /** Absent: every layer is off. */
  readonly cascade?: Cascade;
  readonly limits: AgentLimits;
  /** Absent in a file of an earlier version. */
  readonly retention?: Retention;
  /** Absent in a file of an earlier version. */
  readonly archive?: ArchiveBounds;
  readonly runner?: Agent["runner"];
  readonly gpu?: true;
  readonly mcp?: Agent["mcp"];
  readonly schedule: Agent["schedule"];
  /** Text of AGENTS.md after assembly; the same text lies root-owned beside the skill folders. */
  readonly instructions: string;
  readonly skills: readonly Skill[];
}

export interface ModelWindow {
  /** Alias. */
  readonly model: string;
  readonly context: number | null;
}

export interface Skill {
  readonly name: string;
  readonly description: string;
  /** Absolute path of SKILL.md. */
  readonly path: string;
  readonly category?: string;
  /** Its other files, relative to its folder. Absent in a file of an earlier version. */
  readonly files?: readonly string[];
}

/** /var/lib/con/compiled/gateway.json, readable by the gateway only. Keys are not in it. */
export interface GatewayRuntime {
  readonly version: 1;
  readonly providers: Readonly<Record<string, Provider>>;
  readonly models: Readonly<Record<string, ModelAlias>>;
  readonly maxConcurrent: number;
  /** Names of credentials that are stored. Absent where nobody knows. */
  readonly credentials?: readonly string[];
  readonly ledger: string;
  /** Directory of the audit trail of agents. */
  readonly audit: string;
  /** Of the whole system. */
  readonly budget: Budget;
  readonly callers: readonly GatewayCaller[];
}

export interface GatewayCaller {
  readonly uid: number;
  readonly name: string;
  /** Null for root: no hold is meant for it. */
  readonly tier: Tier | null;
  /** Aliases it may use; `*` = all. */
  readonly models: readonly string[];
  readonly budget: Budget;
  /** Of a temporary agent: its ancestors, nearest first. Each call counts for all of them. */
  readonly payers?: readonly Payer[];
}

export interface Payer {
  readonly uid: number;
  readonly name: string;
  /** The task of this ancestor that waits for the temporary agent below it. */
  readonly task: string;
  readonly budget: Budget;
}

/** /var/lib/con/compiled/sandbox.json, readable by root only: PID 1 hands it to con-sandbox@.service. */
export interface SandboxRuntime {
  readonly version: 1;
  readonly callers: readonly { readonly uid: number; readonly name: string }[];
}

/** /var/lib/con/compiled/health.json, readable by root only. */
export interface HealthRuntime {
  readonly version: 1;
  readonly name: string;
  readonly root: string;
  readonly frontDesk: string;
  /** Gets what contracts escalate to `sysadmin`; the front desk where no agent has that role. */
  readonly sysadmin: string;
  readonly intervalSeconds: number;
  readonly thresholds: HealthThresholds;
  readonly agents: readonly HealthAgent[];
  /** Names of credentials that the configuration wants. */
  readonly credentials: readonly string[];
}

export interface HealthAgent {
  readonly name: string;
  readonly uid: number;
  readonly tier: Tier;
  readonly wake: "path" | "bell";
  readonly runtimeSeconds: number;
  readonly scheduled: boolean;
}

/** /var/lib/con/compiled/browser.json, readable by the browser only. Keys are not in it. */
export interface BrowserRuntime {
  readonly version: 1;
  /** Why nothing is fetched at all, or null. */
  readonly closed: string | null;
  /** What may be reached although it is private: `host:port`, `address/len:port`. */
  readonly allow: readonly string[];
  readonly search: readonly SearchEngine[];
  readonly callers: readonly BrowserCaller[];
}

export interface BrowserCaller {
  readonly uid: number;
  readonly name: string;
  readonly tier: Tier;
  /** Those of its tools that the browser serves. */
  readonly tools: readonly ("fetch_webpage" | "search_web")[];
}
