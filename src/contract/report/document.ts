/**
 * The report of an evaluation: /srv/con/logs/contracts/latest.json, and what all other reports are made of.
 * Keys are public interface: change only by adding. Types only.
 */
import type { Hold } from "../../config/holds.ts";
import type { Counters } from "../state.ts";
import type { BadContract, Incident, Severity, Verdict } from "../types.ts";

export interface ReportDocument {
  readonly version: 1;
  /** RFC 3339, like all times here. */
  readonly at: string;
  readonly evaluation: string;
  readonly duration_ms: number;
  /** After this many seconds there should be a new one. */
  readonly interval_seconds: number;
  readonly system: string;
  /** Nothing fails, and no contract file is unusable. */
  readonly ok: boolean;
  readonly counts: Counts;
  /** The latest result of every check. */
  readonly results: readonly ReportResult[];
  readonly bad: readonly BadContract[];
  readonly incidents: readonly ReportIncident[];
  readonly holds: readonly ReportHold[];
  /** Agents that may not run, whichever hold it is that keeps them. */
  readonly held: readonly { readonly agent: string; readonly kind: Hold["kind"] }[];
  readonly counters: Counters;
  /** What else a person should know. */
  readonly notes: readonly string[];
}

export interface Counts {
  readonly pass: number;
  readonly fail: number;
  readonly error: number;
  readonly skipped: number;
}

export interface ReportResult {
  readonly contract: string;
  readonly check: string;
  readonly state: Verdict["state"];
  readonly severity: Severity;
  /** What was found, or why there is no answer. */
  readonly found: string;
  readonly remedy: string | null;
  /** What the contract says to do. */
  readonly message: string;
  readonly agents: readonly string[];
  readonly at: string;
  readonly duration_ms: number;
}

export interface ReportIncident {
  readonly id: string;
  readonly contract: string;
  readonly check: string;
  readonly severity: Severity;
  readonly state: Incident["state"];
  readonly first_seen: string;
  readonly last_seen: string;
  readonly closed_at: string | null;
  readonly closed_why: string | null;
  readonly count: number;
  readonly reopened: number;
  readonly evidence: string;
  readonly remedy: string;
  readonly message: string;
  readonly agents: readonly string[];
  readonly escalations: number;
  readonly last_escalated_at: string | null;
  readonly actions: readonly ReportAction[];
}

export interface ReportAction {
  readonly at: string;
  readonly action: string;
  readonly agents: readonly string[];
  readonly request: string | null;
  readonly words: string;
  /** Commands that take it back. */
  readonly undo: readonly string[];
}

export interface ReportHold {
  /** An agent's name, `all workers` or `all agents`. */
  readonly what: string;
  readonly kind: Hold["kind"];
  readonly by: string;
  readonly at: string;
  readonly why: string;
  readonly incident: string | null;
  readonly undo: string;
}
