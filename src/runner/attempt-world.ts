/** What one attempt at a task is made of. Types only. */
import type { AskSpending } from "../agent/ask-spending.ts";
import type { AskToContinue } from "../agent/brakes/ask-continue.ts";
import type { Gate } from "../agent/gate.ts";
import type { RunClock } from "../agent/run.ts";
import type { StreamModel } from "../model/types.ts";
import type { Log } from "../system/log.ts";
import type { Task } from "../task/task.ts";
import type { ShellPolicy } from "../tools/policies.ts";
import type { AgentMemory } from "./memory.ts";
import type { PeersWorld } from "./peers.ts";
import type { ToolkitWorld } from "./toolkit.ts";

export interface AttemptWorld extends PeersWorld, ToolkitWorld {
  readonly log: Log;
  readonly model: StreamModel;
  readonly clock: RunClock;
  /** Text of AGENTS.md. */
  readonly instructions: string;
  readonly isolation: ShellPolicy["isolation"];
  /** What stands before each tool call of a task (agent/gate.ts); none = every granted tool runs. */
  readonly gateOf?: (task: Task) => Gate;
  /** Who is asked when a task needs more money; none = it is refused. */
  readonly askSpendingOf?: (task: Task) => AskSpending;
  /** Who is asked when a task makes call after call; none = it ends. */
  readonly askToContinueOf?: (task: Task) => AskToContinue;
  /** Where contracts say what they think of its work; absent where nothing is installed. */
  readonly outcomes?: string;
  /** None = nothing is remembered. */
  readonly memory?: AgentMemory;
}
