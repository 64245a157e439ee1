/** `con cancel ID`: asks the agent that has the task to stop it and answer "cancelled". */
import { type ControlVerb, runControl } from "./shared/control.ts";
import { type Io, processIo } from "./shared/io.ts";

const cancel: ControlVerb = {
  verb: "cancel",
  description: "Stop a task that is not finished.",
  example: `The agent settles it as cancelled; whoever waits gets that as the answer. Allowed for verified users
and for whoever sent the task.

Keys of --json: id, agent, requested, inbox.

Example:
  con cancel hello`,
  refuse: (state) =>
    ["done", "failed", "cancelled", "corrupt"].includes(state)
      ? { why: `it is ${state}`, remedy: "there is nothing to cancel" }
      : null,
};

export const run = (argv: string[], io: Io = processIo()): Promise<number> =>
  runControl(cancel, argv, io);
