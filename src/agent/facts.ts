/** What a tool gets to know of the run that calls it, at the moment of the call. Pure. */
import type { ToolContext } from "../tools/tool.ts";
import type { Run } from "./run.ts";
import { callsIn } from "./taint.ts";

export const factsFor = ({
  state: { tainted, calls },
  options: { context },
}: Pick<Run, "state" | "options">): Pick<ToolContext, "task" | "calls"> => ({
  task: { ...context.task, tainted },
  calls: () => callsIn(calls),
});
