/** The journal of a task and what is on record about it, as one list in the order of time. Pure. */
import { historyLine } from "../../contract/history.ts";
import type { ChainRecord, Json, Link } from "../../system/chain.ts";
import { actionWords, auditWords } from "../shared/audit-words.ts";
import type { StoryEvent } from "../shared/story.ts";
import { differences } from "./compare.ts";
import type { Gathered } from "./gather.ts";
import { sentence } from "./words.ts";

export interface Moment {
  /** Epoch milliseconds; NaN where the line does not say. */
  readonly at: number;
  readonly text: string;
}

/** What the journal tells better, where there is one. */
const doubled: ReadonlySet<unknown> = new Set(["tool-call", "tool-result", "tool-held", "check"]);
const doubledStates: ReadonlySet<unknown> = new Set(["attempt", "outcome"]);

export function timeline(
  { id, agent }: { readonly id: string; readonly agent: string },
  events: readonly StoryEvent[] | null,
  gathered: Gathered,
  limit: number,
): Moment[] {
  const journal = (events ?? []).map((event) => ({
    at: Date.parse(event.at),
    text: sentence(event, limit),
  }));
  const audit = gathered.audit
    .filter(({ record }) => events === null || !isDoubled(record, id))
    .map(({ record }) => moment(record, auditText(record, id, agent)));
  const actions = gathered.actions.map(({ record }) => moment(record, actionWords(record)));
  const incidents = gathered.incidents.map(({ record }) =>
    moment(record, `incident: ${historyLine(record)}`),
  );
  const all = [...journal, ...audit, ...actions, ...incidents];
  const odd = events === null ? [] : differences(events, ownCalls(gathered.audit, id, agent));
  const end = Math.max(...all.map(({ at }) => at).filter(Number.isFinite));
  const notes = odd.map((text) => ({ at: end, text: `they differ: ${text}` }));
  return [...all.sort((a, b) => order(a.at) - order(b.at)), ...notes];
}

const order = (at: number): number => (Number.isFinite(at) ? at : Number.POSITIVE_INFINITY);

const moment = (record: ChainRecord, text: string): Moment => ({ at: timeOf(record), text });

const parsed = (value: Json | undefined): number =>
  typeof value === "string" ? Date.parse(value) : Number.NaN;

/** Events come a moment after they happened; how long before, a runner may say within bounds. */
function timeOf(record: ChainRecord): number {
  const heard = parsed(record["at"]);
  const said = parsed(record["said_at"]);
  return said <= heard && heard - said <= mostLateMs ? said : heard;
}

const mostLateMs = 60_000;

const isDoubled = ({ kind, state, task, runs }: ChainRecord, id: string): boolean =>
  task === id &&
  ((doubled.has(kind) && runs !== false) || (kind === "task" && doubledStates.has(state)));

/** Whoever else speaks of this task, or another task, is named. */
function auditText(record: ChainRecord, id: string, agent: string): string {
  const other = record["task"] === id && record["agent"] === agent ? "" : who(record);
  return `audit: ${other}${auditWords(record)}`;
}

const who = ({ agent, uid, task }: ChainRecord): string =>
  `${typeof agent === "string" ? agent : `uid ${uid}`} [${task}] `;

const ownCalls = (audit: readonly Link[], id: string, agent: string): Link[] =>
  audit.filter(({ record }) => record["task"] === id && record["agent"] === agent);
