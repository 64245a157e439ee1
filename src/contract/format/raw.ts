/** A contract file as its schema lets it through. Types only. */

export type RawDuration = string | number;

export interface RawSkipIf {
  readonly command_not_available?: string;
  readonly env_var_unset?: string;
  readonly path_not_exists?: string;
  readonly not_in_ci?: boolean;
}

/** Kept in the file for people and for the older tools; only `what` and `verify` are used. */
interface RawWords {
  readonly category?: string;
  readonly what?: string;
  readonly verify?: string;
  readonly affects?: string | readonly string[];
}

export interface RawContract extends RawWords {
  readonly id: string;
  readonly description: string;
  readonly type?: "detective" | "preventive" | "atomic" | "holistic" | "protocol" | "enforcement";
  readonly mechanism?: string;
  readonly enforcement?: string;
  readonly agent?: string;
  readonly scope?: string | Readonly<Record<string, unknown>>;
  readonly every?: RawDuration;
  readonly frequency?: RawDuration;
  readonly trigger?: string | readonly string[];
  readonly severity?: "critical" | "high" | "medium" | "low";
  readonly tags?: string | readonly string[];
  readonly depends_on?: string | readonly string[];
  readonly skip_if?: RawSkipIf;
  readonly checks?: readonly RawCheck[];
}

export interface RawCommand {
  readonly run: string;
  readonly test?: string;
  readonly exit_code?: number;
  readonly output_matches?: string;
  readonly timeout?: RawDuration;
}

export interface RawScript {
  readonly path?: string;
  readonly inline?: string;
  readonly timeout?: RawDuration;
}

export interface RawOnFail {
  readonly action?: string;
  readonly escalate?: string | boolean;
  readonly message?: string;
  readonly after?: number;
}

export interface RawCheck extends RawWords {
  readonly name?: string;
  readonly command?: string | RawCommand;
  readonly script?: RawScript;
  readonly timeout?: RawDuration;
  readonly user?: "con-check" | "root";
  readonly on_fail?: string | RawOnFail;
  readonly severity?: RawContract["severity"];
  readonly skip_if?: RawSkipIf;
  /** One of the built-in checks by its name. */
  readonly [builtin: string]: unknown;
}

/** A word, or a list of words. */
export const listOf = (raw: string | readonly string[] | undefined): readonly string[] =>
  raw === undefined ? [] : typeof raw === "string" ? [raw] : raw;
