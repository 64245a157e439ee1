/** No new work for one agent. A task at hand goes back to the queue and on from its journal afterwards. */
import { holdAgent } from "../hold.ts";
import { agentCalled, isDeed, outcome, type Verb } from "../verb.ts";

export const pause: Verb<"pause"> = {
  async act(world, request, by) {
    const agent = agentCalled(world, request.agent);
    if (isDeed(agent)) return agent;
    const held = holdAgent(world, agent.name, "paused", { request, by });
    await world.host.stop((name) => name === agent.name);
    const { changes, failures } = await world.host.converge({
      agents: [agent.name],
      kinds: ["units"],
    });
    return outcome([held, ...changes], `con agent resume ${agent.name}`, failures);
  },
  withoutDisk: (world, { agent }) => world.host.stop((name) => name === agent),
};
