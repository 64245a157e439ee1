/** `con retry ID`: asks the agent to run a deferred task now, or a failed one again. */
import { type ControlVerb, runControl } from "./shared/control.ts";
import { type Io, processIo } from "./shared/io.ts";

const retry: ControlVerb = {
  verb: "retry",
  description: "Run a failed or deferred task again, now.",
  example: `The new answer replaces the old one. Allowed for verified users and for whoever sent the task.

Keys of --json: id, agent, requested, inbox.

Example:
  con retry hello`,
  refuse: (state) =>
    ["done", "cancelled", "corrupt", "active", "pending"].includes(state)
      ? { why: `it is ${state}`, remedy: "only failed and deferred tasks are run again" }
      : null,
};

export const run = (argv: string[], io: Io = processIo()): Promise<number> =>
  runControl(retry, argv, io);
