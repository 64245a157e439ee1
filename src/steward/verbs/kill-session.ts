/**
 * Ends what an agent does now, whatever it is. Its task returns to the queue; PID 1 starts the runner
 * again, which goes on from the journal. A held agent stays down. Temporary agents of it end for good.
 */
import { holdOf } from "../../config/holds.ts";
import { endChildren } from "../children/end.ts";
import { holdsNow } from "../hold.ts";
import { agentCalled, done, isDeed, outcome, type Verb } from "../verb.ts";

export const killSession: Verb<"kill_session"> = {
  async act(world, request, by) {
    const agent = agentCalled(world, request.agent);
    if (isDeed(agent)) return agent;
    const ended = endChildren(world, agent.name, `${agent.name} was killed by ${by.name}`);
    const end = await world.host.kill(agent.name);
    if (holdOf(holdsNow(world), agent) !== null)
      await world.host.stop((name) => name === agent.name);
    if (end === "nothing ran") return done(["nothing was running", ended], null);
    if (end === "killed") return done([`killed the session of ${agent.name}`, ended], null);
    const why = "it does not end, even by SIGKILL: see systemctl status and the kernel's log";
    return outcome([ended], null, [{ what: `con@${agent.name}.service`, why }]);
  },
  withoutDisk: async (world, { agent }) => void (await world.host.kill(agent)),
};
