/** Takes back what holds one agent itself. A halt of all stays, and is named. */
import { type Hold, holdOf } from "../../config/holds.ts";
import { holdsNow, inWords, releaseAgent } from "../hold.ts";
import { agentCalled, isDeed, outcome, type Verb } from "../verb.ts";

export const resume: Verb<"resume"> = {
  async act(world, request) {
    const { agent: name } = request;
    const agent = agentCalled(world, name);
    // Of an agent that is gone meanwhile only the hold is left.
    if (isDeed(agent) && !holdsNow(world).agents.has(name)) return agent;
    const ended = releaseAgent(world, name);
    const { changes, failures } = await world.host.converge({
      kinds: ["units", "directories"],
    });
    const left = isDeed(agent) ? null : holdOf(holdsNow(world), agent);
    if (left === null) await world.host.sweep();
    const first = ended === null ? `${name} was not held itself` : `${name}: ${inPast(ended)}`;
    const last = left === null ? null : inWords(name, left);
    return outcome([first, ...changes, last], undoOf(name, ended), failures);
  },
};

const inPast = ({ kind, by, at }: Hold): string => `no longer ${kind} (by ${by.name}, ${at})`;

const undoOf = (name: string, ended: Hold | null): string | null =>
  ended === null
    ? null
    : `con agent ${ended.kind === "quarantined" ? "quarantine" : "pause"} ${name}`;
