/**
 * What the history of contracts holds, and what its lines say in words. Pure.
 *
 * A line for each thing that happened to an incident, and one for the evaluation when something is different
 * from the latest such line, else once an hour: an idle system writes 24 short lines a day. The
 * lines are bound by a hash chain (system/chain.ts), so that what is here was not written later.
 */
import type { ChainRecord, Json } from "../system/chain.ts";
import type { Delivery } from "./escalate.ts";
import type { Advance } from "./incident.ts";
import { clipped, utc } from "./report/plain.ts";
import type { ActionTaken, Incident } from "./types.ts";

export type Summary = { readonly at: number; readonly of: string };

export interface Happened {
  readonly evaluation: string;
  readonly at: number;
  readonly durationMs: number;
  readonly counts: {
    readonly pass: number;
    readonly fail: number;
    readonly error: number;
    readonly skipped: number;
  };
  /** `CONTRACT/CHECK` of all that fail. */
  readonly failing: readonly string[];
  /** File names of contracts that cannot be used. */
  readonly bad: readonly string[];
  /** What else a person should know, e.g. that the state was damaged. */
  readonly notes: readonly string[];
  readonly advance: Pick<Advance, "opened" | "reopened" | "changed" | "closed">;
  readonly delivery: Pick<Delivery, "sent">;
  /** Asked of the steward in this evaluation. */
  readonly actions: readonly { readonly incident: Incident; readonly taken: ActionTaken }[];
}

const hour = 3_600_000;
const maxNames = 50;
const maxText = 500;

/** Lines to append, and the summary to remember if they were. */
export function historyOf(
  happened: Happened,
  last: Summary | null,
): { readonly records: readonly ChainRecord[]; readonly summary: Summary | null } {
  const of = JSON.stringify([happened.counts, happened.failing, happened.bad, happened.notes]);
  const elapsed = last === null ? hour : happened.at - last.at;
  // A clock that was set back must not stop the hourly line.
  const isDue = last?.of !== of || elapsed >= hour || elapsed < 0;
  const records = [...incidentRecords(happened), ...(isDue ? [summaryRecord(happened)] : [])];
  return { records, summary: isDue ? { at: happened.at, of } : last };
}

function summaryRecord(happened: Happened): ChainRecord {
  const { evaluation, at, durationMs, counts, failing, bad, notes } = happened;
  return {
    kind: "evaluation",
    at: utc(at),
    evaluation,
    duration_ms: Math.round(durationMs),
    counts: { ...counts },
    failing: failing.slice(0, maxNames),
    bad: bad.slice(0, maxNames),
    notes: notes.slice(0, maxNames).map((note) => clipped(note, maxText)),
  };
}

function incidentRecords({ at, evaluation, advance, actions, delivery }: Happened): ChainRecord[] {
  const line = (kind: string, incident: Incident, more: ChainRecord = {}): ChainRecord => ({
    kind,
    at: utc(at),
    evaluation,
    incident: incident.id,
    contract: incident.contract,
    check: incident.check,
    severity: incident.severity,
    ...more,
  });
  const seen = (incident: Incident): ChainRecord => ({
    key: incident.key,
    evidence: clipped(incident.evidence, maxText),
    agents: [...incident.agents],
    count: incident.count,
  });
  return [
    ...advance.opened.map((one) => line("opened", one, seen(one))),
    ...advance.reopened.map((one) => line("reopened", one, seen(one))),
    ...advance.changed.map((one) => line("changed", one, seen(one))),
    ...actions.map(({ incident, taken }) =>
      line("action", incident, {
        action: taken.action,
        agents: [...taken.agents],
        request: taken.request,
      }),
    ),
    ...delivery.sent.flatMap(({ to, task, escalations }) =>
      escalations.map(({ incident, why }) => line("escalated", incident, { to, task, why })),
    ),
    ...advance.closed.map((one) => line("closed", one, { why: one.closedWhy, count: one.count })),
  ];
}

/** One line for a person. Of unknown kinds, and of fields that are not there, it says what it can. */
export function historyLine(record: ChainRecord): string {
  const { at, kind, contract, check, severity } = record;
  const subject = `${text(contract)}: ${text(check)} (${text(severity)})`;
  switch (kind) {
    case "evaluation":
      return `${text(at)} evaluated: ${counted(record)}`;
    case "opened":
    case "reopened":
    case "changed":
      return `${text(at)} ${kind} ${subject}: ${text(record["evidence"])}`;
    case "closed":
      return `${text(at)} closed ${subject}: ${text(record["why"])}`;
    case "action":
      return `${text(at)} action ${subject}: ${text(record["action"])}${of(record["agents"])}`;
    case "escalated":
      return `${text(at)} escalated ${subject}: to ${text(record["to"])}, task ${text(record["task"])}`;
    case "chain-torn":
      return "an append was cut by a crash here; what it had written is kept and not counted";
    case "chain-damaged":
      return "the end of the file could not be read here; the chain goes on";
    case "chain-gap":
      return `records ${text(record["from"])} to ${text(record["to"])} were gone here`;
    default:
      return JSON.stringify(record);
  }
}

const text = (value: Json | undefined): string =>
  typeof value === "string" ? value : value === undefined || value === null ? "?" : String(value);

const of = (value: Json | undefined): string =>
  Array.isArray(value) && value.length > 0 ? ` of ${value.map(text).join(", ")}` : "";

function counted({ counts, failing, bad, notes }: ChainRecord): string {
  const numbers = Object.entries((counts ?? {}) as Record<string, Json>);
  const parts = numbers.map(([name, count]) => `${text(count)} ${name}`);
  return `${parts.join(", ")}${named("failing", failing)}${named("unusable", bad)}${named("note", notes)}`;
}

const named = (what: string, value: Json | undefined): string =>
  Array.isArray(value) && value.length > 0 ? `; ${what}: ${value.map(text).join(", ")}` : "";
