/** Makes the report out of what an evaluation left. Pure. */
import { type Hold, type Holds, holdOf } from "../../config/holds.ts";
import { inWords, undoOf } from "../incident/undo.ts";
import type { Counters } from "../state.ts";
import type { BadContract, HealthRuntime, Incident, Result, Verdict } from "../types.ts";
import type {
  Counts,
  ReportDocument,
  ReportHold,
  ReportIncident,
  ReportResult,
} from "./document.ts";

export interface ReportInput {
  readonly at: number;
  readonly evaluation: string;
  readonly durationMs: number;
  readonly health: HealthRuntime;
  readonly results: readonly Result[];
  readonly bad: readonly BadContract[];
  readonly incidents: readonly Incident[];
  readonly holds: Holds;
  readonly counters: Counters;
  readonly notes: readonly string[];
}

export function reportOf(input: ReportInput): ReportDocument {
  const { results, bad, health, holds } = input;
  const counts = countsOf(results);
  return {
    version: 1,
    at: iso(input.at),
    evaluation: input.evaluation,
    duration_ms: Math.round(input.durationMs),
    interval_seconds: health.intervalSeconds,
    system: health.name,
    ok: counts.fail + counts.error + bad.length === 0,
    counts,
    results: results.map(resultOf),
    bad,
    incidents: input.incidents.map(incidentOf),
    holds: holdsOf(holds),
    held: health.agents.flatMap((agent) => {
      const hold = holdOf(holds, agent);
      return hold === null ? [] : [{ agent: agent.name, kind: hold.kind }];
    }),
    counters: input.counters,
    notes: input.notes,
  };
}

export function countsOf(results: readonly Result[]): Counts {
  const count = (state: Verdict["state"]): number =>
    results.filter(({ verdict }) => verdict.state === state).length;
  return {
    pass: count("pass"),
    fail: count("fail"),
    error: count("error"),
    skipped: count("skipped"),
  };
}

/** Of a time that is none: the beginning of time, so that a report is made all the same. */
const iso = (epochMs: number): string => {
  const date = new Date(epochMs);
  return (Number.isNaN(date.getTime()) ? new Date(0) : date).toISOString();
};

const isoOrNull = (epochMs: number | null): string | null =>
  epochMs === null ? null : iso(epochMs);

function resultOf(result: Result): ReportResult {
  const { contract, check, severity, verdict, onFail } = result;
  const fails = verdict.state === "fail";
  return {
    contract,
    check,
    state: verdict.state,
    severity,
    found: "found" in verdict ? verdict.found : verdict.why,
    remedy: fails ? verdict.remedy : null,
    message: onFail.message,
    agents: fails ? verdict.agents : [],
    at: iso(result.at),
    duration_ms: Math.round(result.durationMs),
  };
}

function incidentOf(incident: Incident): ReportIncident {
  return {
    id: incident.id,
    contract: incident.contract,
    check: incident.check,
    severity: incident.severity,
    state: incident.state,
    first_seen: iso(incident.firstSeen),
    last_seen: iso(incident.lastSeen),
    closed_at: isoOrNull(incident.closedAt),
    closed_why: incident.closedWhy,
    count: incident.count,
    reopened: incident.reopened,
    evidence: incident.evidence,
    remedy: incident.remedy,
    message: incident.onFail.message,
    agents: incident.agents,
    escalations: incident.escalations,
    last_escalated_at: isoOrNull(incident.lastEscalatedAt),
    actions: incident.actions.map((taken) => ({
      at: iso(taken.at),
      action: taken.action,
      agents: taken.agents,
      request: taken.request,
      words: inWords(taken),
      undo: undoOf(taken.action, taken.agents),
    })),
  };
}

function holdsOf({ agents, allWorkers, allAgents }: Holds): ReportHold[] {
  const one = (what: string, hold: Hold | null, undo: string): ReportHold[] =>
    hold === null
      ? []
      : [
          {
            what,
            kind: hold.kind,
            by: hold.by.name,
            at: hold.at,
            why: hold.why,
            incident: hold.incident,
            undo,
          },
        ];
  return [
    ...one("all agents", allAgents, "con resume"),
    ...one("all workers", allWorkers, "con resume"),
    ...[...agents].flatMap(([name, hold]) => one(name, hold, `con agent resume ${name}`)),
  ];
}
