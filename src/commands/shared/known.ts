/** Which agent is meant. Pure. */
import type { AgentEntry, SystemRuntime } from "../../config/runtime.ts";
import { ConError, exit } from "../../system/errors.ts";

/** The agent called `name`, or 65 with the known names. */
export function knownAgent(system: SystemRuntime, name: string): AgentEntry {
  const agent = system.agents.find((one) => one.name === name);
  if (agent !== undefined) return agent;
  const names = system.agents.map((one) => one.name).join(", ") || "none";
  const why = "there is no such agent";
  throw new ConError(exit.badInput, `agent ${name}`, why, `the agents are: ${names}`);
}
