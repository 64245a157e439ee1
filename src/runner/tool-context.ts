/** What the tools of one attempt may touch: everything that depends on grants is looked up for each call. */
import type { AgentRuntime } from "../config/runtime.ts";
import { createExecute } from "../sandbox/exec.ts";
import { createRunThrowaway } from "../sandbox/throwaway/client.ts";
import type { Task } from "../task/task.ts";
import type { ShellPolicy } from "../tools/policies.ts";
import type { ToolContext } from "../tools/tool.ts";
import { createAskModel, modelGrants } from "./asking.ts";
import type { AttemptWorld } from "./attempt-world.ts";
import { isGranted } from "./constraints.ts";
import { dataDesk } from "./data.ts";
import { forgeDesk } from "./forge.ts";
import { createGoals } from "./goals.ts";
import { createPeers } from "./peers.ts";
import { createPlans } from "./plans.ts";
import {
  agentAt,
  askerOf,
  filePolicy,
  isolationOf,
  sandboxLimits,
  shellPolicy,
  toolEnvironment,
} from "./policy.ts";
import { createSharing } from "./sharing.ts";
import { createSpawning } from "./spawning.ts";
import { createAskSteward } from "./steward.ts";
import { shelve } from "./texts.ts";
import { describedIn, type Toolkit } from "./toolkit.ts";
import { createAskWeb } from "./web.ts";

export function toolContext(
  world: AttemptWorld,
  task: Task,
  kit: Toolkit,
): Omit<ToolContext, "callId" | "signal"> {
  const { paths, now } = world;
  const agent = (): AgentRuntime => agentAt(world.agent, now());
  const shell = (): ShellPolicy => shellPolicy(agent(), world.isolation);
  return {
    agent: world.agent.name,
    now,
    task: { id: task.id, from: task.from.name, trust: task.trust },
    get files() {
      return filePolicy(agent(), paths);
    },
    get shell() {
      return shell();
    },
    get execute() {
      return createExecute({
        isolation: isolationOf(agent(), paths, shell()),
        limits: sandboxLimits(shell(), world.agent.gpu),
        environment: toolEnvironment(paths, task.id),
      });
    },
    get asksForGrants() {
      return askerOf(agent()).asksForGrants === true;
    },
    skills: world.agent.skills,
    get peers() {
      return createPeers({ ...world, agent: agent() }, task);
    },
    // Where nothing is installed, a steward of this machine is none of ours.
    ...(world.isolation === "bwrap"
      ? {
          steward: createAskSteward(world, task.id),
          sandbox: createRunThrowaway(),
          forge: forgeDesk(world),
          web: createAskWeb(),
        }
      : {}),
    ...spawningOf(world, task),
    plans: createPlans(world, task),
    ...(world.memory === undefined ? {} : { memory: world.memory.desk(task) }),
    ...dataDesk(world),
    sharing: createSharing(world, task, () => filePolicy(agent(), paths)),
    goals: createGoals(world, task.id, (name, text) => shelve(world, `${task.id}-${name}`, text)),
    ask: createAskModel(world, task.id),
    get models() {
      return modelGrants(world.agent, now());
    },
    get abilities() {
      return describedIn(kit).filter(({ name }) => isGranted(world.agent, name, now()));
    },
  };
}

function spawningOf(world: AttemptWorld, task: Task): Pick<ToolContext, "spawning"> {
  const spawning = createSpawning(world, task);
  return spawning === null ? {} : { spawning };
}
