/**
 * Whose a task's thread and memories are. Reads only.
 *
 * As `principalOf` says, with one exception: an answer that another agent sends late, in the thread in which it was
 * asked, belongs to whoever the question was asked for, as the record of sent tasks has it and never as the answer says.
 */
import type { Source } from "../../memory/types.ts";
import type { AgentPaths } from "../../spool/layout.ts";
import { sentFor } from "../../spool/sent.ts";
import type { Disk } from "../../system/disk.ts";
import { principalOf } from "../../task/plan.ts";
import type { Task } from "../../task/task.ts";

export function ownerOf(disk: Disk, paths: AgentPaths, task: Task): string {
  const { from, trust, moved, request } = task;
  const isAnswer = moved !== true && from.agent !== null && request.replyTo !== null;
  if (trust !== "verified" && isAnswer) {
    const sent = sentFor(disk, paths, request.replyTo);
    if (sent?.to === from.agent && sent.thread === request.thread && sent.owner !== null)
      return sent.owner;
  }
  return principalOf(task);
}

/** Where a memory made in `task` comes from. */
export const sourceOf = ({ id, from, trust }: Task, call: string): Source => ({
  task: id,
  from: from.name,
  trust,
  call,
});
