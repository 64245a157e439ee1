/**
 * What `remember` and `recall` do with directories of shared memories. Never: shares what a task of an unverified
 * sender tells, or one that has read words of strangers; it could be anybody's words under this agent's name.
 */
import { answeringLater, done, refusal, refused } from "../answer.ts";
import { denied } from "../denial.ts";
import type { Recalling, Remembering } from "../desks.ts";
import { asStrangers } from "../files/strangers.ts";
import type { ToolResult } from "../result.ts";
import type { ToolContext } from "../tool.ts";

const nothingShared = "memories cannot be shared here: leave that argument out";

/** Keeps it, and then shares it; where only the first works, says so. */
export async function shared(
  context: ToolContext,
  wanted: {
    readonly directory: string;
    readonly remembering: Remembering;
    readonly keep: () => Promise<ToolResult>;
  },
): Promise<ToolResult> {
  const { sharing, task, callId } = context;
  const { directory, remembering, keep } = wanted;
  if (task.trust !== "verified")
    return denied({
      code: "not_granted",
      asked: `share a memory in ${directory}`,
      rule: "only a task of a verified sender shares memories",
      how: "leave share out: then it is kept for this sender",
    });
  if (task.tainted === true)
    return denied({
      code: "not_granted",
      asked: `share a memory in ${directory}`,
      rule: "a task that has read words of others shares no memories",
      how: "leave share out: then it is kept as their word",
    });
  if (sharing === undefined) return refused(nothingShared);
  const kept = await keep();
  if (!kept.ok) return kept;
  try {
    const path = await sharing.share(directory, remembering, callId);
    return done(`${kept.text}\nShared as ${path}`);
  } catch (error) {
    const why = refusal(context, error);
    return { ...why, text: `${kept.text}\nBut it is not shared: ${why.text}` };
  }
}

export const sharedThere = (
  context: ToolContext,
  directory: string,
  asked: Recalling,
): Promise<ToolResult> => {
  const { sharing, signal } = context;
  if (sharing === undefined) return Promise.resolve(refused(nothingShared));
  return answeringLater(context, async () => {
    try {
      const { text, untrusted } = await sharing.recall(directory, asked, signal);
      return asStrangers(done(text), untrusted);
    } catch (error) {
      if (!signal.aborted) throw error;
      return refused("the search was stopped");
    }
  });
};
