/**
 * Evaluates contracts: checks side by side under a limit, each with a deadline of its own.
 *
 * Never: throws for what a check does (that is an `error` verdict), waits for a check beyond its
 * deadline and a short grace, or runs a contract while one that it depends on fails. Keeps nothing:
 * what checks remember goes through `memory`.
 */
import { thrown, withDeadline } from "./deadline.ts";
import { orderContracts } from "./order.ts";
import { skipReason } from "./skip.ts";
import { createSlots, type Slots } from "./slots.ts";
import { resolveThresholds } from "./thresholds.ts";
import type {
  BuiltinArguments,
  BuiltinCheck,
  Check,
  Contract,
  HealthRuntime,
  Probe,
  Result,
  Verdict,
} from "./types.ts";

export type ProgramProbe = Extract<Probe, { readonly kind: "command" | "script" }>;
type BuiltinProbe = Extract<Probe, { readonly kind: "builtin" }>;

/** Ends, with every process it started, soon after `signal` aborts. */
export type RunProgram = (
  probe: ProgramProbe,
  check: Check,
  signal: AbortSignal,
) => Promise<Verdict>;

export interface EvaluationWorld {
  readonly health: HealthRuntime;
  readonly now: () => number;
  readonly builtins: ReadonlyMap<string, BuiltinCheck>;
  readonly runProgram: RunProgram;
  /** Programs at once; see `defaultConcurrency`. */
  readonly concurrency: number;
  readonly memory: {
    readonly get: (key: string) => unknown;
    readonly set: (key: string, value: unknown) => void;
  };
  /** Contracts known to fail from earlier; counts for those that are not evaluated now. */
  readonly failing: ReadonlySet<string>;
  /** Environment that `skip_if` looks at. */
  readonly environment: NodeJS.ProcessEnv;
  readonly onResult?: (result: Result) => void;
}

/** Programs mostly wait; a check of 0.1 s on two cores is paid by the wall clock, not by the CPU. */
export const defaultConcurrency = 16;
/** Built-ins start few programs and read little. */
const builtinConcurrency = 64;

interface Evaluation {
  readonly world: EvaluationWorld;
  readonly programs: Slots;
  readonly builtins: Slots;
}

/** Why a contract could not hold, for those that depend on it; null when it does. */
type Standing = Promise<string | null>;

export async function evaluate(
  contracts: readonly Contract[],
  world: EvaluationWorld,
): Promise<Result[]> {
  const evaluation: Evaluation = {
    world,
    programs: createSlots(world.concurrency),
    builtins: createSlots(builtinConcurrency),
  };
  const { sorted, cyclic } = orderContracts(contracts);
  const standings = new Map<string, Standing>();
  const all: Promise<Result[]>[] = cyclic.map(async (contract) =>
    eachCheck(evaluation, contract, { state: "error", why: "it depends on itself" }),
  );
  for (const { id } of cyclic) standings.set(id, Promise.resolve(`${id} depends on itself`));
  for (const contract of sorted) {
    const blocked = contract.dependsOn.map((id) => standings.get(id) ?? known(world, id));
    const results = evaluateContract(evaluation, contract, blocked).catch((error: unknown) =>
      eachCheck(evaluation, contract, thrown(error)),
    );
    standings.set(contract.id, standingOf(contract, blocked, results));
    all.push(results);
  }
  return (await Promise.all(all)).flat();
}

const known = async (world: EvaluationWorld, id: string): Promise<string | null> =>
  world.failing.has(id) ? `${id} fails` : null;

/** A contract that waits for a failing one does not hold either. */
async function standingOf(
  { id }: Contract,
  blocked: readonly Standing[],
  results: Promise<Result[]>,
): Standing {
  const failed = (await results).some(({ verdict }) => isFailing(verdict));
  return failed ? `${id} fails` : await firstReason(blocked);
}

/** A check that could not be made counts as failing. */
export const isFailing = ({ state }: Verdict): boolean => state === "fail" || state === "error";

async function firstReason(blocked: readonly Standing[]): Promise<string | null> {
  return (await Promise.all(blocked)).find((reason) => reason !== null) ?? null;
}

async function evaluateContract(
  evaluation: Evaluation,
  contract: Contract,
  blocked: readonly Standing[],
): Promise<Result[]> {
  const waits = await firstReason(blocked);
  const reason = waits ?? skipReason(contract.skipIf, evaluation.world.environment);
  if (reason !== null) return eachCheck(evaluation, contract, { state: "skipped", why: reason });
  return Promise.all(contract.checks.map((check) => evaluateCheck(evaluation, contract, check)));
}

const eachCheck = ({ world }: Evaluation, contract: Contract, verdict: Verdict): Result[] =>
  contract.checks.map((check) => report(world, contract, check, world.now(), verdict));

async function evaluateCheck(
  evaluation: Evaluation,
  contract: Contract,
  check: Check,
): Promise<Result> {
  const { world } = evaluation;
  const { probe } = check;
  const reason = skipReason(check.skipIf ?? [], world.environment);
  if (reason !== null)
    return report(world, contract, check, world.now(), { state: "skipped", why: reason });
  const slots = probe.kind === "builtin" ? evaluation.builtins : evaluation.programs;
  return slots(async () => {
    const at = world.now();
    const verdict = await withDeadline(check, (signal) =>
      probe.kind === "builtin"
        ? runBuiltin(about(world, contract), `${contract.id}/${check.name}`, probe, signal)
        : world.runProgram(probe, check, signal),
    );
    return report(world, contract, check, at, verdict);
  });
}

/** Built-ins that look at agents look at the one that the contract is about. */
function about(world: EvaluationWorld, { agent }: Contract): EvaluationWorld {
  if (agent === null) return world;
  const agents = world.health.agents.filter(({ name }) => name === agent);
  return { ...world, health: { ...world.health, agents } };
}

function report(
  world: EvaluationWorld,
  contract: Contract,
  check: Check,
  at: number,
  verdict: Verdict,
): Result {
  const result: Result = {
    contract: contract.id,
    check: check.name,
    severity: check.severity ?? contract.severity,
    verdict,
    at,
    durationMs: Math.max(0, world.now() - at),
    onFail: check.onFail,
    agent: contract.agent,
  };
  world.onResult?.(result);
  return result;
}

async function runBuiltin(
  world: EvaluationWorld,
  key: string,
  probe: BuiltinProbe,
  signal: AbortSignal,
): Promise<Verdict> {
  const builtin = world.builtins.get(probe.name);
  if (builtin === undefined) return { state: "error", why: `there is no check ${probe.name}` };
  const { thresholds } = world.health;
  const args = resolveThresholds(probe.with, thresholds);
  const unset = unsetThreshold(probe.with, args);
  if (unset !== null) return { state: "skipped", why: `no limit is set for ${unset}` };
  return builtin(args, {
    health: world.health,
    thresholds,
    now: world.now,
    signal,
    memory: world.memory.get(key) ?? null,
    remember: (value) => world.memory.set(key, value),
  });
}

/** The argument that named a threshold which is null. */
function unsetThreshold(written: BuiltinArguments, resolved: BuiltinArguments): string | null {
  const name = Object.keys(resolved).find(
    (key) => resolved[key] === null && written[key] !== null && written[key] !== undefined,
  );
  return name ?? null;
}
