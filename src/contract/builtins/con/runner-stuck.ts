/**
 * `runner_stuck {max_min}`: a runner works, or fails and is started again and again, has a task, and for too
 * long neither that task nor its journal has changed.
 *
 * Idle time is counted with the clock that nobody can set: at first sight of a state of the queue it is what
 * the files' times say, from then on time since boot. So a jump of the wall clock makes nobody look stuck.
 */

import type { HealthAgent } from "../../../config/runtime.ts";
import { agentPaths } from "../../../spool/layout.ts";
import type { BuiltinCheck } from "../../types.ts";
import { eachInTurn } from "./in-turn.ts";
import { lookInto, milliseconds } from "./look.ts";
import { freeAgents, type Places } from "./places.ts";
import { runnerStates } from "./runners.ts";
import { duration, judge, numberIn, type Trouble, unable } from "./verdicts.ts";

const mostEntries = 2_000;
/** Wall clock against time since boot: what slewing does not explain. */
const jumpMs = 30_000;

interface Seen {
  /** Ids and times; differs when anything moved. */
  readonly print: string;
  readonly idleMs: number;
  /** Milliseconds since boot. */
  readonly at: number;
}

interface Memory {
  readonly boot: string;
  readonly offset: number;
  readonly seen: Readonly<Record<string, Seen>>;
}

export const runnerStuck =
  (places: Places): BuiltinCheck =>
  async (args, { health, now, memory, remember, signal }) => {
    const maxMs = numberIn(args, "max_min") * 60_000;
    const free = freeAgents(places, health);
    const busy = await eachInTurn(free, signal, (agent) => workOf(health.root, agent) ?? []);
    const states = await runnerStates(
      places,
      busy.map(({ name }) => name),
    );
    if (typeof states === "string") return unable(states);
    const clock = { wall: now(), up: places.uptime() * 1000, boot: places.bootId() };
    const last = memoryOf(memory, clock.boot);
    const jumped = last !== null && Math.abs(clock.wall - clock.up - last.offset) > jumpMs;
    const seen: Record<string, Seen> = {};
    for (const work of busy) {
      const state = states.get(work.name);
      const before = last?.seen[work.name];
      if (state?.is === "starts" && before !== undefined) seen[work.name] = before;
      if (state?.is !== "works") continue;
      // Each start of the runner is a new state: what it found was left by an earlier one. Not so where it
      // fails and systemd starts it again and again: that counts from when it was seen first.
      const { since } = state;
      const print = `${since ?? "again"} ${work.print}`;
      const wallIdle =
        since === null ? 0 : Math.max(0, clock.wall - Math.max(work.changedMs, since));
      seen[work.name] =
        before?.print === print
          ? { print, idleMs: before.idleMs + clock.up - before.at, at: clock.up }
          : { print, idleMs: jumped ? 0 : wallIdle, at: clock.up };
    }
    remember({ boot: clock.boot, offset: clock.wall - clock.up, seen } satisfies Memory);
    const troubles = Object.entries(seen).flatMap(([name, { idleMs }]) =>
      idleMs > maxMs ? [stuck(name, idleMs)] : [],
    );
    return judge(
      troubles,
      `${Object.keys(seen).length} runners at work, each moved in the last ${duration(maxMs)}`,
    );
  };

const stuck = (name: string, idleMs: number): Trouble => ({
  found: `${name}: con@${name}.service has done nothing at its task for ${duration(idleMs)}`,
  key: `stuck:${name}`,
  agent: name,
  remedy: `con agent kill ${name}`,
});

interface Work {
  readonly name: string;
  readonly print: string;
  readonly changedMs: number;
}

/** Null when it has no task. Of several active tasks one is worked on: the newest change of any counts. */
function workOf(root: string, { name }: HealthAgent): readonly Work[] | null {
  const paths = agentPaths(root, name);
  const active = lookInto(paths.queue.active, (look) =>
    look.entries(mostEntries).list.flatMap((entry) => {
      const stat = entry.text.endsWith(".task") && !entry.text.startsWith(".");
      const times = stat ? look.lstat(entry) : null;
      return times === null ? [] : [{ id: entry.text.slice(0, -".task".length), ...newest(times) }];
    }),
  );
  if (active.kind !== "seen" || active.value.length === 0) return null;
  const journals = lookInto(paths.journal, (look) =>
    active.value.flatMap(({ id }) => {
      const bytes = Buffer.from(`${id}.jsonl`);
      const stat = look.lstat({ text: id, bytes });
      return stat === null ? [] : [{ id, ...newest(stat) }];
    }),
  );
  const all = [...active.value, ...(journals.kind === "seen" ? journals.value : [])];
  const changedNs = all.map(({ ns }) => ns).sort((a, b) => (a < b ? 1 : -1))[0] ?? 0n;
  // The newest change and how many there are tell all states apart.
  return [{ name, print: `${all.length} ${changedNs}`, changedMs: milliseconds(changedNs) }];
}

/** Change of status: unlike mtime it cannot be set. */
const newest = ({ ctimeNs }: { readonly ctimeNs: bigint }) => ({ ns: ctimeNs });

/** What was remembered in another boot says nothing. */
function memoryOf(memory: unknown, boot: string): Memory | null {
  const value = memory as Memory | null;
  return value?.boot === boot ? value : null;
}
