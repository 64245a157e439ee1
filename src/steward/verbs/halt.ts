/**
 * Stops all workers or all agents: runners and triggers. Gateway, healthcheck, steward, sweep and the rest
 * of the system go on, because only units of agents are touched.
 */
import { holdAll } from "../hold.ts";
import type { HaltScope } from "../types.ts";
import { outcome, type Verb } from "../verb.ts";
import type { StewardWorld } from "../world.ts";

export const halt: Verb<"halt"> = {
  async act(world, request, by) {
    const { scope } = request;
    const held = holdAll(world, scope, { request, by });
    await stopAll(world, scope);
    const agents = concerned(world, scope).map(({ name }) => name);
    const { changes, failures } = await world.host.converge({ agents, kinds: ["units"] });
    return outcome([held, ...changes], "con resume", failures);
  },
  withoutDisk: (world, { scope }) => stopAll(world, scope),
};

const concerned = (world: StewardWorld, scope: HaltScope) =>
  world.agents().filter(({ tier }) => scope === "agents" || tier === "worker");

/** Of all agents: also one that runs and is in no list. */
async function stopAll(world: StewardWorld, scope: HaltScope): Promise<void> {
  if (scope === "agents") return world.host.stop(() => true);
  const workers = new Set(concerned(world, scope).map(({ name }) => name));
  return world.host.stop((name) => workers.has(name));
}
