/**
 * /var/lib/con/health/state.json: what one evaluation leaves for the next. Root's alone.
 *
 * Reading never fails for what is in the file: a damaged one is as none, and says so, so that it becomes news
 * instead of silence. After a crash: the old state or the new one, whole; then an escalation
 * may be told twice, and none is lost.
 */

import type { ChainHead } from "../system/chain.ts";
import type { Disk } from "../system/disk.ts";
import { readFile, replaceDurably } from "../system/durable.ts";
import { checkKey } from "./incident/failure.ts";
import { isHead, isIncident, isRecordOf, isResult, listOf } from "./incident/guards.ts";
import type { Action, ContractSet, Incident, Result } from "./types.ts";

export interface HealthState {
  readonly version: 1;
  /** Contract id → when it was evaluated last, epoch milliseconds. */
  readonly lastStarted: Readonly<Record<string, number>>;
  /** `CONTRACT/CHECK` → what that check keeps for itself. */
  readonly memory: Readonly<Record<string, unknown>>;
  /** The latest of each check. */
  readonly results: readonly Result[];
  readonly incidents: readonly Incident[];
  /** Of the history, so that a cut end is noticed; null before the first line. */
  readonly historyHead: ChainHead | null;
  /** The latest summary in the history: when, and of what. */
  readonly summary: { readonly at: number; readonly of: string } | null;
  readonly counters: Counters;
}

/** Since the state began; counters of Prometheus. */
export interface Counters {
  readonly escalations: number;
  readonly actions: Readonly<Partial<Record<Action, number>>>;
}

export interface StateRead {
  readonly state: HealthState;
  /** What a person should know about the file; null when all is well. */
  readonly problem: string | null;
}

export const emptyState: HealthState = {
  version: 1,
  lastStarted: {},
  memory: {},
  results: [],
  incidents: [],
  historyHead: null,
  summary: null,
  counters: { escalations: 0, actions: {} },
};

const maxStateBytes = 64 * 1024 * 1024;

export function readState(disk: Disk, path: string): StateRead {
  const bytes = readFile(disk, path, maxStateBytes);
  if (bytes === null) {
    const isLarge = disk.find(path) !== null;
    return isLarge ? anew(path, "it is too large") : { state: emptyState, problem: null };
  }
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    return isState(value) ? { state: value, problem: null } : anew(path, "it is not what we wrote");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return anew(path, "it is no JSON");
  }
}

const anew = (path: string, why: string): StateRead => ({
  state: emptyState,
  problem: `${path} was damaged (${why}): incidents and due times begin anew`,
});

export function writeState(disk: Disk, path: string, state: HealthState): void {
  replaceDurably(disk, path, Buffer.from(`${JSON.stringify(state)}\n`), 0o600);
}

/** With `made` in place of older results, and without what belongs to no check any more. */
export function carryOver(
  state: HealthState,
  set: ContractSet,
  made: readonly Result[],
): Pick<HealthState, "lastStarted" | "memory" | "results"> {
  const ids = new Set(set.contracts.map(({ id }) => id));
  const checks = set.contracts.flatMap(({ id, checks }) =>
    checks.map(({ name }) => ({ contract: id, check: name })),
  );
  const memoryKeys = new Set(checks.map(({ contract, check }) => `${contract}/${check}`));
  const latest = new Map([...state.results, ...made].map((one) => [checkKey(one), one]));
  return {
    lastStarted: only(state.lastStarted, ids),
    memory: only(state.memory, memoryKeys),
    results: checks.flatMap((check) => latest.get(checkKey(check)) ?? []),
  };
}

const only = <T>(all: Readonly<Record<string, T>>, keys: ReadonlySet<string>): Record<string, T> =>
  Object.fromEntries(Object.entries(all).filter(([key]) => keys.has(key)));

function isState(value: unknown): value is HealthState {
  if (typeof value !== "object" || value === null) return false;
  const state = value as { readonly [Key in keyof HealthState]?: unknown };
  return (
    state.version === 1 &&
    isRecordOf(state.lastStarted, Number.isFinite) &&
    isRecordOf(state.memory, () => true) &&
    listOf(state.results, isResult) &&
    listOf(state.incidents, isIncident) &&
    (state.historyHead === null || isHead(state.historyHead)) &&
    (state.summary === null || isSummary(state.summary)) &&
    isCounters(state.counters)
  );
}

function isSummary(value: unknown): boolean {
  const { at, of } = (value ?? {}) as { readonly at?: unknown; readonly of?: unknown };
  return Number.isFinite(at) && typeof of === "string";
}

function isCounters(value: unknown): boolean {
  const { escalations, actions } = (value ?? {}) as { [Key in keyof Counters]?: unknown };
  return Number.isSafeInteger(escalations) && isRecordOf(actions, Number.isSafeInteger);
}
