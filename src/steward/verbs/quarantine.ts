/**
 * Cuts one agent off: nothing wakes it, nothing of it runs, nobody sends it tasks. All else stays as it
 * is for whoever examines it. At once: a runner that has gone wrong gets no time to say goodbye. Temporary
 * agents of it end for good.
 */
import { stopFamily } from "../children/end.ts";
import { holdAgent } from "../hold.ts";
import { agentCalled, isDeed, outcome, type Verb } from "../verb.ts";
import type { Agent, StewardWorld } from "../world.ts";

export const quarantine: Verb<"quarantine"> = {
  async act(world, request, by) {
    const agent = agentCalled(world, request.agent);
    if (isDeed(agent)) return agent;
    const held = holdAgent(world, agent.name, "quarantined", { request, by });
    const strays = await cut(world, agent);
    const { changes, failures } = await world.host.converge({
      kinds: ["units", "directories"],
    });
    const killed = strays === 0 ? null : `killed ${strays} of its processes outside its unit`;
    return outcome([held, killed, ...changes], `con agent resume ${agent.name}`, failures);
  },
  async withoutDisk(world, request) {
    const agent = agentCalled(world, request.agent);
    if (!isDeed(agent)) await cut(world, agent);
  },
};

async function cut(world: StewardWorld, { name, uid }: Agent): Promise<number> {
  await world.host.kill(name);
  await stopFamily(world, name);
  return world.host.killStrays(uid);
}
