/**
 * One evaluation from end to end: load, evaluate, advance incidents, ask for actions, tell agents, remember,
 * report. The only place where contracts meet the disk.
 *
 * Order: actions are asked for and agents told first, then both are remembered; so a crash in between does
 * them again, which the steward's verbs bear and an agent reads twice, and never forgets them. What
 * cannot be written becomes a note of the report and stops nothing else. Never: acts itself.
 */
import { randomBytes } from "node:crypto";
import { readHolds } from "../config/holds.ts";
import * as paths from "../host/paths.ts";
import type { ChainRecord } from "../system/chain.ts";
import { nodeDisk } from "../system/disk.ts";
import { newId } from "../task/id.ts";
import { type Acts, act, counted, nothingDone } from "./act.ts";
import { createBuiltins } from "./builtins/index.ts";
import { dueContracts } from "./due.ts";
import { defaultConcurrency, evaluate, isFailing } from "./evaluate.ts";
import type { Happened } from "./history.ts";
import { type Advance, advance } from "./incident.ts";
import { loadContracts } from "./load.ts";
import { turnsIn, writeOutcomes } from "./outcomes.ts";
import { createRunProgram } from "./probe/run.ts";
import { remember, remembers, statePath } from "./remember.ts";
import { countsOf, reportOf } from "./report/build.ts";
import type { ReportDocument } from "./report/document.ts";
import { reportPaths, writeReports } from "./report/write.ts";
import { carryOver, type HealthState, readState } from "./state.ts";
import type { Contract, ContractSet, HealthRuntime, Incident, Result } from "./types.ts";

export interface HealthOptions {
  readonly health: HealthRuntime;
  /** `due`: what it is time for; otherwise these contracts, whatever their time. */
  readonly which: "due" | "all" | ReadonlySet<string>;
  /** Looks, and remembers, tells and asks nothing. */
  readonly dryRun: boolean;
  readonly environment: NodeJS.ProcessEnv;
  readonly now: () => number;
  readonly onResult?: (result: Result) => void;
}

export interface HealthRun {
  readonly report: ReportDocument;
  /** Ids of contracts that were evaluated now. */
  readonly evaluated: readonly string[];
  readonly opened: readonly Incident[];
  readonly closed: readonly Incident[];
  /** What was added to the history. */
  readonly lines: readonly ChainRecord[];
}

const cachePath = `${paths.healthState}/contracts.json`;

/** Throws `ConError` when it cannot even look (no compiled configuration); never for what it finds. */
export async function runHealthcheck(options: HealthOptions): Promise<HealthRun> {
  const started = options.now();
  const notes: string[] = [];
  const { state, problem } = readState(nodeDisk, statePath);
  if (problem !== null) notes.push(problem);
  const looked = await look(options, state);
  const acts = options.dryRun
    ? nothingDone(looked.advanced.incidents)
    : await actOn(options, looked, state, notes);
  const next: HealthState = {
    ...state,
    ...looked.carried,
    lastStarted: { ...looked.carried.lastStarted, ...startedNow(looked.chosen, started) },
    incidents: acts.incidents,
    counters: counted(state.counters, acts),
  };
  const evaluation = newId(started, randomBytes);
  const times = { evaluation, at: started, durationMs: options.now() - started };
  if (!options.dryRun)
    notes.push(
      ...writeOutcomes(nodeDisk, turnsIn(state.results, next.results), options.health.agents),
    );
  const lines = options.dryRun ? [] : remember(next, happenedIn(times, looked, acts, notes), notes);
  return { ...reported(options, times, looked, next, notes), lines };
}

interface Looked {
  readonly set: ContractSet;
  readonly chosen: readonly Contract[];
  readonly carried: ReturnType<typeof carryOver>;
  readonly advanced: Advance;
}

async function look(options: HealthOptions, state: HealthState): Promise<Looked> {
  const set = await loadContracts({ directory: paths.contracts, cachePath });
  const chosen = choose(set, options, state);
  const { results, memory } = await evaluated(chosen, state, options);
  const carried = carryOver({ ...state, memory }, set, results);
  const advanced = advance(state.incidents, results, options.now(), { set, randomBytes });
  return { set, chosen, carried, advanced };
}

function actOn(
  { health, now }: HealthOptions,
  { advanced, set }: Looked,
  state: HealthState,
  notes: string[],
): Promise<Acts> {
  const isNews = advanced.actions.length + advanced.escalations.length > 0;
  return act(advanced, set, { health, now, remembers: !isNews || remembers(state, notes) }, notes);
}

type Times = Pick<Happened, "evaluation" | "at" | "durationMs">;

const happenedIn = (
  times: Times,
  { set, carried, advanced }: Looked,
  { delivery, taken }: Acts,
  notes: readonly string[],
): Happened => ({
  ...times,
  counts: countsOf(carried.results),
  failing: carried.results.filter(fails).map(({ contract, check }) => `${contract}/${check}`),
  bad: set.bad.map(({ file }) => file),
  notes,
  advance: advanced,
  delivery,
  actions: taken,
});

function reported(
  { health, dryRun }: HealthOptions,
  times: Times,
  { set, chosen, advanced }: Looked,
  { results, incidents, counters }: HealthState,
  notes: readonly string[],
): Omit<HealthRun, "lines"> {
  const { bad } = set;
  const holds = readHolds();
  const report = reportOf({ ...times, health, results, bad, incidents, holds, counters, notes });
  const unwritten = dryRun ? [] : writeReports(report, reportPaths(health.root), nodeDisk);
  return {
    report: { ...report, notes: [...notes, ...unwritten] },
    evaluated: chosen.map(({ id }) => id),
    opened: [...advanced.opened, ...advanced.reopened],
    closed: advanced.closed,
  };
}

const fails = ({ verdict }: Result): boolean => isFailing(verdict);

function choose(set: ContractSet, { which, health, now }: HealthOptions, state: HealthState) {
  if (which === "all") return set.contracts.filter(({ manual }) => !manual);
  if (which !== "due") return set.contracts.filter(({ id }) => which.has(id));
  const last = new Map(Object.entries(state.lastStarted));
  return dueContracts(set.contracts, last, now(), health.intervalSeconds);
}

async function evaluated(
  contracts: readonly Contract[],
  state: HealthState,
  { health, environment, now, onResult }: HealthOptions,
): Promise<{ results: Result[]; memory: Record<string, unknown> }> {
  const memory: Record<string, unknown> = { ...state.memory };
  const results = await evaluate(contracts, {
    health,
    now,
    builtins: createBuiltins(environment, state.historyHead),
    runProgram: createRunProgram(health.thresholds),
    concurrency: defaultConcurrency,
    memory: {
      get: (key) => memory[key],
      set: (key, value) => {
        memory[key] = value;
      },
    },
    failing: new Set(state.results.filter(fails).map(({ contract }) => contract)),
    environment,
    ...(onResult === undefined ? {} : { onResult }),
  });
  return { results, memory };
}

const startedNow = (contracts: readonly Contract[], at: number): Record<string, number> =>
  Object.fromEntries(contracts.map(({ id }) => [id, at]));
