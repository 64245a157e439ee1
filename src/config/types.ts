/**
 * Configuration as values: what people write (`Config`, after validation and defaults) and what
 * bootstrap compiles from it for each program (`*Runtime`, JSON under /var/lib/con/compiled).
 */

export type Tier = "officer" | "operator" | "worker";

export interface Provider {
  readonly baseUrl: string;
  /** Name of a systemd credential, or null for an endpoint without a key. */
  readonly credential: string | null;
}

export interface ModelAlias {
  /** Fallback ladder: `provider/model`, `builtin/reflex`; `provider/*` = first one it lists. */
  readonly use: readonly string[];
  /** Tokens, or null where unknown. */
  readonly context: number | null;
  readonly usdPerMillion: { readonly input: number; readonly output: number } | null;
}

/** What contracts and `con doctor` measure against; `health.KEY` in a contract names one. */
export interface HealthThresholds {
  readonly diskMinFreePct: number;
  readonly memMinFreePct: number;
  /** Load average per core. */
  readonly maxLoadFactor: number;
  /** How long a runner may do nothing at a task. */
  readonly maxSessionMin: number;
  /** How long a task may wait to be claimed. */
  readonly maxQueueAgeMin: number;
  readonly maxJournalMb: number;
  /** Clock against time since boot, between two evaluations. */
  readonly maxClockJumpSeconds: number;
  /** Model calls that must succeed, of those in the last quarter of an hour. */
  readonly minUpstreamSuccessPct: number;
  /** Alarm on the day's spend; null = `budget.usd_per_day`, if any. It refuses no call. */
  readonly maxUsdPerDay: number | null;
}

export interface Health extends HealthThresholds {
  /** How often contracts are evaluated that say nothing else. */
  readonly intervalSeconds: number;
}

export interface AgentLimits {
  /** systemd notation, e.g. `2G`, `200%`. */
  readonly memory: string;
  readonly cpu: string;
  readonly tasks: number;
  /** Wall clock of one task. */
  readonly runtimeSeconds: number;
  /** Model calls per task. */
  readonly steps: number;
  /** Tool calls after which it looks back, and after which people decide. Absent in a file of an earlier version. */
  readonly reviewEvery?: number;
  readonly askAfter?: number;
}

/** What may be spent; null = no limit. Kept by the gateway. */
export interface Budget {
  readonly usdPerDay: number | null;
  readonly tokensPerDay: number | null;
  readonly usdPerTask: number | null;
  readonly tokensPerTask: number | null;
  /** After each further amount of so much, a task's calls wait until people agree. */
  readonly askUsdPerTask: number | null;
  readonly askTokensPerTask: number | null;
  /** Output tokens that one call may ask for. */
  readonly tokensPerCall: number | null;
  /** What becomes of a task when nothing is left: put off until the reset, or failed. */
  readonly over: "defer" | "fail";
  /** Share of a daily limit after which a warning is given. */
  readonly warnPct: number;
}

/** The most that an agent may give to agents that it commissions. `*` = any. */
export interface Ceiling {
  readonly tiers: readonly Tier[];
  readonly task: readonly string[];
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly network: readonly string[];
  readonly tools: readonly string[];
}

/** Agents whose word on a proposal of another one counts as one approval. */
export type Review = Partial<
  Readonly<Record<"instructions" | "skills" | "contracts" | "tools", readonly string[]>>
>;

export interface May {
  /** Verbs of the steward that it may ask for. */
  readonly request: readonly string[];
  /** Of its own: what people let it propose to change. Absent: nothing. */
  readonly propose?: readonly ("instructions" | "skills" | "contracts" | "tools")[];
  readonly grant: Ceiling;
}

/** What an argument must be like: one of some globs (`*` = any characters), or a number above. */
export type Condition = { readonly globs: readonly string[] } | { readonly above: number };

/** Calls of one tool wait for people. */
export interface ApprovalRule {
  /** `spend`: not a tool, but money or tokens beyond `budget.ask*`. */
  readonly tool: string;
  /** Only calls whose arguments meet all of these wait; absent = every call (config/when.ts). */
  readonly when?: Readonly<Record<string, Condition>>;
  /** How many different people must agree. */
  readonly approvers: number;
  /** How long they have. */
  readonly expirySeconds: number;
}

/** Cheaper answers before a model's; each layer is off until it is named. */
export interface Cascade {
  /** The rule engine first, for what it surely knows. */
  readonly reflex: boolean;
  /** Answers that were given to the same principal. */
  readonly cache: {
    readonly exact: boolean;
    /** Least likeness; null = only the same text. */
    readonly semantic: number | null;
    readonly ttlSeconds: number;
    readonly max: number;
  } | null;
  readonly documents: {
    /** Directories, as in `can.read`. */
    readonly paths: readonly string[];
    /** Least scores for an answer without a model, and for the background. */
    readonly answer: number;
    readonly augment: number;
  } | null;
  /** Aliases. */
  readonly route: {
    readonly fast: string;
    readonly balanced: string;
    readonly strong: string;
  } | null;
  /** One more try with the balanced model after a poor answer of the fast one. */
  readonly escalate: boolean;
  readonly learn: boolean;
}

/** Those that a temporary agent may have of its parent's: one lives for one task, and what the others keep goes with it. */
export type ChildLayer = "reflex" | "documents" | "route" | "escalate";

/** Days for which what an agent leaves behind is kept; null = for ever. */
export interface Retention {
  /** Answers and their records. */
  readonly outboxDays: number | null;
  /** Finished tasks: what a task that comes once more is known by. */
  readonly processedDays: number | null;
  readonly journalDays: number | null;
  /** Plans and goals. */
  readonly planDays: number | null;
  /** Turns of threads that a summary stands for. */
  readonly turnDays: number | null;
  /** Whom it asked what. */
  readonly sentDays: number | null;
  /** Copies of long texts in the workspace. */
  readonly textDays: number | null;
  /** What could not be read, or was damaged. */
  readonly asideDays: number | null;
  /** Former versions of files, and deleted ones. Absent in a file of an earlier version. */
  readonly archiveDays?: number | null;
}

/** How much of former versions of files, and of deleted ones, is kept. Sizes are bytes. */
export interface ArchiveBounds {
  /** Of one version that is kept because a file is written over. */
  readonly versionBytes: number;
  readonly versionsPerFile: number;
  /** Of all together: beyond it, the oldest go. */
  readonly totalBytes: number;
}

/** Bounds of one tool; null = none. */
export interface ToolConstraint {
  /** Calls in any minute. */
  readonly perMinute: number | null;
  /** Calls in all, for ever. */
  readonly uses: number | null;
  /** Epoch milliseconds: it holds before this moment. */
  readonly until: number | null;
}

/** Bounds of what `can` lists: `can` alone never says that a grant has ended (grants.ts, inForce). */
export interface Constraints {
  readonly tools: Readonly<Record<string, ToolConstraint>>;
  /** `KIND:TEXT` of grants that end, tools apart → epoch milliseconds. */
  readonly until: Readonly<Record<string, number>>;
}

/** What it may make of temporary agents. */
export interface SpawnRight {
  /** Folders of roles/ with a role.yaml. */
  readonly roles: readonly string[];
  /** Generations below it. */
  readonly depth: number;
  /** Alive at a time, of all generations below it. */
  readonly live: number;
}

/** roles/NAME/role.yaml: the most that a temporary agent of that role gets. */
export interface Role {
  readonly description: string;
  /** An alias; null = as its parent. */
  readonly model: string | null;
  /** `*` in a list = whatever its parent has. */
  readonly can: Agent["can"];
  readonly spawn: SpawnRight | null;
  /** Null where only the parent's count. */
  readonly limits: { readonly [K in keyof AgentLimits]: AgentLimits[K] | null };
  readonly approval: readonly ApprovalRule[];
  /** Absent: all that its parent has. */
  readonly cascade?: readonly ChildLayer[];
  /** Graphics processors, where its parent has them. */
  readonly gpu?: true;
}

export interface Agent {
  readonly name: string;
  readonly description: string;
  readonly tier: Tier;
  readonly roles: readonly string[];
  /** Skills beside those of its roles and its own, by name; `*` = all of /etc/con/skills. Absent: `*`. */
  readonly skills?: readonly string[];
  /** An alias from con.yaml. */
  readonly model: string;
  readonly can: {
    readonly task: readonly string[];
    /**
     * Absolute canonical directories; a grant covers the directory and all below. Written with or
     * without a final `/**`, kept here without.
     */
    readonly read: readonly string[];
    readonly write: readonly string[];
    /** `host:port`, `address/len:port`, `*:port`. Empty = no network at all. */
    readonly network: readonly string[];
    readonly tools: readonly string[];
    /** Aliases of con.yaml that it may use beside its own model. */
    readonly models: readonly string[];
  };
  readonly constraints: Constraints;
  /** Null: it makes no temporary agents. */
  readonly spawn: SpawnRight | null;
  readonly may: May;
  /** Tools whose calls wait for people. */
  readonly approval: readonly ApprovalRule[];
  readonly budget: Budget;
  /** Absent: every task goes to the model. */
  readonly cascade?: Cascade;
  readonly limits: AgentLimits;
  /** Absent: as con.yaml has it. */
  readonly retention?: Retention;
  /** Absent: as con.yaml has it. */
  readonly archive?: ArchiveBounds;
  /** Absent: con's own loop does its tasks. */
  readonly runner?: ExecRunner;
  /** Its unit and its sandbox have the graphics processors of the machine. */
  readonly gpu?: true;
  /** By name. Absent: none. */
  readonly mcp?: Readonly<Record<string, McpServer>>;
  /** systemd OnCalendar expression and what the scheduled task says. */
  readonly schedule: { readonly at: string; readonly task: string } | null;
  /** Inline instructions, the last layer. */
  readonly instructions: string;
}

/** A program that does an agent's tasks (runner.ts). */
export interface ExecRunner {
  readonly argv: readonly [string, ...string[]];
  /** What it reads: the framed task, that behind the agent's instructions, or all of it as JSON. */
  readonly input: "text" | "prompt" | "json";
  readonly environment: Readonly<Record<string, string>>;
  /** Made in the sandbox before it starts, by path; one that is not absolute lies in the workspace. */
  readonly files: Readonly<Record<string, string>>;
  /** Taken out of the workspace before it starts. */
  readonly removed?: readonly string[];
  /** It reaches the agent's models at a loopback address. */
  readonly models: boolean;
}

/** A server of the Model Context Protocol (mcp.ts). */
export type McpServer = (
  | {
      /** Started inside the agent's sandbox. */
      readonly kind: "command";
      readonly command: readonly [string, ...string[]];
      readonly env: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "url";
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
    }
) & {
  /** Variable or header → name of a systemd credential. */
  readonly credentials: Readonly<Record<string, string>>;
  /** Of one call. */
  readonly timeoutSeconds: number;
};

/** What forged tools may use beside the standard library of their language. */
export interface ForgePart {
  readonly packages: readonly ForgePackage[];
  /** Where packages come from; without an entry, the public one of the language. */
  readonly registries: Readonly<Partial<Record<ForgeLanguage, string>>>;
  /** As compiled: why nothing is installed here. */
  readonly closed?: string;
}

export type ForgeLanguage = "node" | "python";

/** A package that may become a layer in /var/lib/con/layers. */
export interface ForgePackage {
  /** `NAME==VERSION`. */
  readonly package: string;
  readonly language: ForgeLanguage;
  /** Of its archive, `sha512-BASE64` (node) or `sha256:HEX` (python); null: as the registry says. */
  readonly integrity: string | null;
  /** Digest of the layer that must come of it; null: whichever does. */
  readonly layer: string | null;
  /** What programs import of it. */
  readonly provides: readonly string[];
}

/** What the browser may reach beside public addresses, and who answers searches. */
export interface WebPart {
  /** `host:port`, `address/len:port`. */
  readonly allow: readonly string[];
  /** The first that answers. */
  readonly search: readonly SearchEngine[];
}

export interface SearchEngine {
  readonly name: string;
  /** With `{query}`, perhaps with `{count}`. */
  readonly url: string;
  /** Name of a systemd credential, or null for an engine without a key. */
  readonly credential: string | null;
  /** The header that the key goes into; null = as a bearer token. */
  readonly header: string | null;
  /** Dotted paths into its JSON: of the list, and of the parts of each hit. */
  readonly results: string;
  readonly title: string;
  readonly link: string;
  readonly snippet: string;
}

export interface Config {
  readonly system: { readonly name: string; readonly frontDesk: string };
  readonly providers: Readonly<Record<string, Provider>>;
  readonly models: Readonly<Record<string, ModelAlias>>;
  readonly gateway: { readonly maxConcurrent: number };
  readonly health: Health;
  readonly retention: Retention;
  /** Absent in a file of an earlier version. */
  readonly archive?: ArchiveBounds;
  readonly web?: WebPart;
  readonly forge?: ForgePart;
  /** Absent: people alone review. */
  readonly review?: Review;
  /** Of the whole system. */
  readonly budget: Budget;
  readonly agents: readonly Agent[];
  /** Of temporary agents, by name; a role without a role.yaml is not here. */
  readonly roles: Readonly<Record<string, Role>>;
  /** Names of agents that have a manifest with a problem: nothing of theirs is changed. */
  readonly excluded: readonly string[];
}

/** One file as a person wrote it. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** One thing wrong with what a person wrote. Line and column count from 1. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Dotted path, empty for the whole file. */
  readonly key: string;
  readonly why: string;
  readonly remedy: string;
  /** Agent that is left out because of it; null = nothing can be applied. */
  readonly agent: string | null;
}
