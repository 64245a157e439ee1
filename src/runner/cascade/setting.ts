/** What the layers of the cascade work with. Types only. */
import type { Section } from "../../agent/background.ts";
import type { AgentRuntime } from "../../config/runtime.ts";
import type { Cascade as Settings } from "../../config/types.ts";
import type { ToolSpec } from "../../model/types.ts";
import type { AgentPaths } from "../../spool/layout.ts";
import type { Disk } from "../../system/disk.ts";
import type { Log } from "../../system/log.ts";
import type { Task } from "../../task/task.ts";
import type { CascadeStore } from "./store.ts";

export interface CascadeWorld {
  readonly agent: AgentRuntime;
  readonly paths: AgentPaths;
  readonly disk: Disk;
  readonly now: () => number;
  readonly log: Log;
  /** Text of AGENTS.md. */
  readonly instructions: string;
  /** Where contracts say what they think of its work (contract/outcomes.ts); absent where nothing is installed. */
  readonly outcomes?: string;
  /** What the model is offered. */
  readonly tools: readonly ToolSpec["function"][];
}

/** What the layers work with. */
export interface Setting extends CascadeWorld {
  readonly task: Task;
  readonly settings: Settings;
  readonly principal: string;
  /** Digest of all that an answer may come from beside the text of the task. */
  readonly contextOf: (background: readonly Section[]) => string;
  readonly store: () => Promise<CascadeStore>;
}
