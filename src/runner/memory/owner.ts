/**
 * Whose a task's thread, plan and memories are, and where a memory comes from. Reads only.
 *
 * As `principalOf` says, with one exception: an answer that another agent sends late, in the thread in which it was
 * asked, belongs to whoever the question was asked for, as the record of sent tasks has it and never as the answer says.
 */
import type { Source } from "../../memory/types.ts";
import type { AgentPaths } from "../../spool/layout.ts";
import { sentFor } from "../../spool/sent.ts";
import type { Disk } from "../../system/disk.ts";
import { principalOf } from "../../task/principal.ts";
import type { Task } from "../../task/task.ts";

export function ownerOf(disk: Disk, paths: Pick<AgentPaths, "state">, task: Task): string {
  const { from, trust, moved, request } = task;
  const isAnswer = moved !== true && from.agent !== null && request.replyTo !== null;
  if (trust !== "verified" && isAnswer) {
    const sent = sentFor(disk, paths, request.replyTo);
    if (sent?.to === from.agent && sent.thread === request.thread && sent.owner !== null)
      return sent.owner;
  }
  return principalOf(task);
}

/**
 * Where a memory made in `task` comes from. `tainted`: the task had read words of strangers by then, so whose word the
 * memory is nobody can tell.
 */
export const sourceOf = (
  { id, from, trust }: Task,
  { callId, tainted }: { readonly callId: string; readonly tainted: boolean },
): Source => ({
  task: id,
  from: tellerOf({ from: from.name, trust }, tainted),
  trust: tainted ? "unverified" : trust,
  call: callId,
});

/** Who told it, for people and models: a trusted name alone stands for that person's word. */
export const tellerOf = (
  { from, trust }: { readonly from: string; readonly trust: Task["trust"] },
  tainted: boolean,
): string => (tainted && trust === "verified" ? `${from}, after reading words of others` : from);
