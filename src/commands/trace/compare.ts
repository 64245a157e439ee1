/** Whether an agent's own journal and the audit trail tell the same calls. Pure. */
import type { Link } from "../../system/chain.ts";
import { sha256 } from "../../system/sha256.ts";
import type { StoryEvent } from "../shared/story.ts";

/** Sentences about calls that one of them has otherwise, or has not at all. */
export function differences(events: readonly StoryEvent[], audit: readonly Link[]): string[] {
  const calls = events.filter(({ kind }) => kind === "tool-intent");
  const told = new Map<string, string>();
  for (const { record } of audit)
    if (record["kind"] === "tool-call" && record["runs"] !== false)
      told.set(`${record["step"]}.${record["index"]}`, String(record["args_sha256"]));
  // A trail that has no call of this task at all is not there, e.g. because the task is older.
  if (told.size === 0) return [];
  const own = new Set(calls.map(({ step, index }) => `${step}.${index}`));
  const odd = calls.flatMap(({ step, index, arguments: args = "" }) => {
    const call = `${step}.${index}`;
    const hash = told.get(call);
    if (hash === undefined) return [`call ${call} is in the journal and not in the audit trail`];
    const same = sha256(args) === hash;
    return same ? [] : [`call ${call} has other arguments in the journal than in the audit trail`];
  });
  const missing = [...told.keys()].filter((call) => !own.has(call));
  return [
    ...odd,
    ...missing.map((call) => `call ${call} is in the audit trail and not in the journal`),
  ];
}
