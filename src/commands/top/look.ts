/**
 * One turn of `con top`: everything gathered, by the rules of `con status`. Reads only.
 *
 * What it costs: one question to systemd for all agents; four folders of each agent; the ledger only where somebody has
 * written to it since; the end of one record and two files of the kernel's for each agent that works. With 100 agents
 * see docs/performance-notes.md.
 */
import os from "node:os";
import type { Holds } from "../../config/holds.ts";
import type { AgentEntry } from "../../config/runtime.ts";
import { agentPaths } from "../../spool/layout.ts";
import type { Disk } from "../../system/disk.ts";
import { isDenied } from "../shared/access.ts";
import { heldBy, holdsOf } from "../shared/held.ts";
import { tasksIn } from "../shared/overview.ts";
import { devPlaces } from "../shared/places.ts";
import { readSpending, type Spending } from "../shared/spend.ts";
import { type States, statesOf } from "../shared/states.ts";
import type { System } from "../shared/system.ts";
import type { AskUnits } from "../shared/units.ts";
import type { Meter } from "./meters.ts";
import { busiestFirst } from "./order.ts";
import { latestSteps, type Step } from "./steps.ts";
import type { Machine, Row, Tasks, Turn, Work } from "./types.ts";

export interface World {
  readonly disk: Disk;
  readonly ask: AskUnits;
  readonly now: () => number;
  readonly meters: () => (name: string) => Meter;
  readonly machine: () => Machine;
}

/** Of the turn before: what CPU shares are counted from, and a ledger that need not be read again. */
export interface Before {
  readonly atMs: number;
  readonly cpu: ReadonlyMap<string, number>;
  readonly spending: Spending;
}

export async function look(
  world: World,
  system: System,
  before: Before | null,
): Promise<{ readonly turn: Turn; readonly after: Before }> {
  const { runtime, dev } = system;
  const compiled = dev ? devPlaces(runtime.root).compiled : undefined;
  const spending = await readSpending(world.now(), compiled, before?.spending.kept);
  const states = await statesOf(system, world.ask);
  const holds = holdsOf(dev);
  const atMs = world.now();
  const agents = rowsOf({ world, system, states, holds, spending, before, atMs });
  const counters = agents.flatMap(({ name, cpu_usec }) =>
    cpu_usec === null ? [] : [[name, cpu_usec] as const],
  );
  const turn: Turn = {
    at: new Date(atMs).toISOString(),
    system: { name: runtime.name, isolation: dev ? "none" : "kernel", state: states.system },
    gateway: { state: states.gateway },
    halted: haltOf(holds),
    spend: spending.system,
    machine: world.machine(),
    totals: totalsOf(agents),
    agents: busiestFirst(agents),
  };
  return { turn, after: { atMs, cpu: new Map(counters), spending } };
}

const haltOf = ({ allAgents, allWorkers }: Holds): Turn["halted"] =>
  allAgents !== null ? "agents" : allWorkers !== null ? "workers" : null;

interface Facts {
  readonly world: World;
  readonly system: System;
  readonly states: States;
  readonly holds: Holds;
  readonly spending: Spending;
  readonly before: Before | null;
  readonly atMs: number;
}

function rowsOf(facts: Facts): Row[] {
  const { runtime, dev } = facts.system;
  const meter = dev ? null : facts.world.meters();
  let steps: ReadonlyMap<string, Step> | null = null;
  return runtime.agents.map((agent) => {
    const names = tasksOf(facts, agent);
    const state = facts.states.agent(agent.name, names.active?.length ?? null);
    const works = state === "working";
    if (works) steps ??= latestSteps(facts.world.disk, runtime.root);
    const step = works ? (steps?.get(agent.name) ?? null) : null;
    const hold = heldBy(facts.holds, agent);
    return {
      name: agent.name,
      tier: agent.tier,
      parent: agent.parent ?? null,
      state: hold?.kind ?? state,
      hold,
      task: works ? workOf(facts, agent, names.active, step) : null,
      step: step?.text ?? null,
      ...countsOf(names),
      spend: facts.spending.agent(agent),
      ...useOf(facts, agent, works ? meter : null),
    };
  });
}

type Names = { readonly [K in keyof Tasks]: readonly string[] | null };

function tasksOf({ world, system }: Facts, agent: AgentEntry): Names {
  const of = (place: keyof Tasks) => tasksIn(world.disk, system.runtime, agent, place);
  return {
    pending: of("pending"),
    active: of("active"),
    deferred: of("deferred"),
    held: of("held"),
  };
}

const countsOf = ({ pending, active, deferred, held }: Names): Tasks => ({
  pending: pending?.length ?? null,
  active: active?.length ?? null,
  deferred: deferred?.length ?? null,
  held: held?.length ?? null,
});

/** The task that it said last, if it has that one; whoever may not look into its queue must take its word. */
function workOf(
  { world, system }: Facts,
  agent: AgentEntry,
  active: readonly string[] | null,
  step: Step | null,
): Work | null {
  if (active === null)
    return step === null || step.task === null ? null : { id: step.task, since: step.since };
  const said = active.find((id) => id === step?.task);
  const id = said ?? [...active].sort()[0];
  if (id === undefined) return null;
  const { queue } = agentPaths(system.runtime.root, agent.name);
  return { id, since: takenUp(world.disk, `${queue.active}/${id}.task`) };
}

/** It was put there when it was taken up. Gone meanwhile: nobody knows. */
function takenUp(disk: Disk, path: string): string | null {
  try {
    const found = disk.find(path);
    return found === null ? null : new Date(Number(found.ctimeMs)).toISOString();
  } catch (error) {
    if (isDenied(error)) return null;
    throw error;
  }
}

function useOf(
  { before, atMs }: Facts,
  { name }: AgentEntry,
  meter: ((name: string) => Meter) | null,
) {
  const { cpu_usec, memory_bytes } = meter?.(name) ?? { cpu_usec: null, memory_bytes: null };
  const last = before?.cpu.get(name);
  const passedUsec = (atMs - (before?.atMs ?? atMs)) * 1000;
  // A counter that is smaller than before belongs to another run of the unit.
  const isKnown = cpu_usec !== null && last !== undefined && cpu_usec >= last && passedUsec > 0;
  const cpu_pct = isKnown ? Math.round((1000 * (cpu_usec - last)) / passedUsec) / 10 : null;
  return { cpu_usec, cpu_pct, memory_bytes };
}

function totalsOf(agents: readonly Row[]): Turn["totals"] {
  const sum = (key: keyof Tasks): number | null => {
    const known = agents.flatMap((agent) => agent[key] ?? []);
    return known.length === 0 && agents.length > 0
      ? null
      : known.reduce((all, one) => all + one, 0);
  };
  return {
    agents: agents.length,
    working: agents.filter(({ state }) => state === "working").length,
    ...{ pending: sum("pending"), active: sum("active") },
    ...{ deferred: sum("deferred"), held: sum("held") },
  };
}

export const realMachine = (): Machine => ({
  load: os.loadavg(),
  cores: os.availableParallelism(),
  memory_bytes: os.totalmem(),
  memory_available_bytes: os.freemem(),
});
