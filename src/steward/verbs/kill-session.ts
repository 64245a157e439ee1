/**
 * Ends what an agent does now, whatever it is. Its task returns to the queue; PID 1 starts the runner
 * again, which goes on from the journal. A held agent stays down.
 */
import { holdOf } from "../../config/holds.ts";
import { holdsNow } from "../hold.ts";
import { agentCalled, done, isDeed, outcome, type Verb } from "../verb.ts";

export const killSession: Verb<"kill_session"> = {
  async act(world, request) {
    const agent = agentCalled(world, request.agent);
    if (isDeed(agent)) return agent;
    const end = await world.host.kill(agent.name);
    if (holdOf(holdsNow(world), agent) !== null)
      await world.host.stop((name) => name === agent.name);
    if (end === "nothing ran") return done(["nothing was running"], null);
    if (end === "killed") return done([`killed the session of ${agent.name}`], null);
    const why = "it does not end, even by SIGKILL: see systemctl status and the kernel's log";
    return outcome([], null, [{ what: `con@${agent.name}.service`, why }]);
  },
  withoutDisk: async (world, { agent }) => void (await world.host.kill(agent)),
};
