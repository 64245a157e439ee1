/** The compiled configuration of an agent that may do nothing; a test names what it is about. */
import { noBudget, noMay } from "../../src/config/authority.ts";
import type { AgentRuntime } from "../../src/config/runtime.ts";

export const agentRuntime = (of: Partial<AgentRuntime> = {}): AgentRuntime => ({
  version: 1,
  name: "me",
  uid: 4711,
  tier: "worker",
  model: "none",
  inboxes: [],
  trustedUids: [],
  taskerUids: [],
  may: noMay,
  approval: [],
  budget: noBudget,
  can: { task: [], read: [], write: [], network: [], tools: [], models: [] },
  limits: { memory: "1G", cpu: "100%", tasks: 1, runtimeSeconds: 1, steps: 1 },
  schedule: null,
  instructions: "",
  skills: [],
  ...of,
});
