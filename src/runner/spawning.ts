/**
 * What a task needs to have temporary agents: what theirs carry on from it, and that calls which it gives away
 * are counted as its own, before anybody is asked. What they leave unused is not given back.
 */
import type { AgentRuntime } from "../config/runtime.ts";
import type { AgentPaths } from "../spool/layout.ts";
import type { Disk } from "../system/disk.ts";
import { maxVia } from "../task/fields.ts";
import { behalfOf } from "../task/principal.ts";
import type { Task } from "../task/task.ts";
import { manifestRule } from "../tools/denial.ts";
import type { Spawning } from "../tools/desks.ts";
import type { Denial } from "../tools/result.ts";
import { boundsOf, refusal } from "./constraints.ts";
import { ownerOf } from "./memory/owner.ts";
import { maxHops, passedThrough } from "./peers.ts";
import { askerOf } from "./policy.ts";
import { openUses } from "./uses.ts";

export interface SpawningWorld {
  readonly disk: Disk;
  readonly now: () => number;
  readonly agent: AgentRuntime;
  readonly paths: Pick<AgentPaths, "uses" | "state">;
}

/** Null for who may make none. */
export function createSpawning(world: SpawningWorld, task: Task): Spawning | null {
  const { agent } = world;
  if ((agent.spawn ?? null) === null) return null;
  const { thread, hops } = task.request;
  return {
    refusal:
      hops < maxHops
        ? null
        : `this task already passed through ${maxHops} agents: do it yourself, or answer with what is known`,
    carried: {
      ...{ thread, hops, via: passedThrough(task).slice(-maxVia) },
      on_behalf_of: behalfOf(agent.name, ownerOf(world.disk, world.paths, task)),
    },
    roles: (agent.roles ?? []).map(({ name }) => name),
    live: agent.spawn?.live ?? 0,
    giveAway: (calls, callId) => giveAway(world, `${task.id} ${callId} given away`, calls),
  };
}

/** All are looked at before the first is counted. */
function giveAway(
  world: SpawningWorld,
  by: string,
  calls: Readonly<Record<string, number>>,
): Denial | null {
  const uses = openUses(world.disk, world.paths.uses);
  const counted = Object.entries(calls).filter(([tool]) => {
    const { perMinute, uses: most } = boundsOf(world.agent, tool);
    return perMinute !== null || most !== null;
  });
  const tooMany = counted.flatMap(([tool, amount]) => atOnce(world.agent, tool, amount) ?? []);
  if (tooMany[0] !== undefined) return tooMany[0];
  for (const way of ["look", "take"] as const)
    for (const [tool, amount] of counted) {
      const limits = boundsOf(world.agent, tool);
      const verdict = uses[way]({ key: `tool:${tool}`, limits, now: world.now(), by, amount });
      const denial = refusal(askerOf(world.agent), tool, limits, verdict)?.denial;
      if (denial !== undefined) return denial;
    }
  return null;
}

/** More than a whole minute has: no waiting helps. */
function atOnce(agent: AgentRuntime, tool: string, amount: number): Denial | null {
  const { perMinute } = boundsOf(agent, tool);
  if (perMinute === null || amount <= perMinute) return null;
  return {
    code: "rate",
    asked: `tool ${tool}`,
    rule: `${manifestRule(agent.name, "can.tools")}: ${tool} per_minute ${perMinute}`,
    how: `give away at most ${perMinute} calls at once`,
  };
}
