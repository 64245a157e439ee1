/**
 * Whether the runner can see for itself that there is a reason to call a memory verified. Pure.
 *
 * A model that has read words of strangers may have been talked into anything, also into the right words. So a task that
 * has read some verifies nothing, and what a call showed counts only from before. Never: judges whether what was seen
 * fits the memory; that is the agent's, and people can read it later.
 */
import type { Memory } from "../../memory/types.ts";
import type { Task } from "../../task/task.ts";
import type { CallFacts, Proof } from "../../tools/desks.ts";

export interface Known {
  readonly task: Task;
  readonly tainted: boolean;
  readonly calls: readonly CallFacts[];
}

/** They show what the agent itself has said, or what was told to it. */
const showsNothing: ReadonlySet<string> = new Set([
  ...["remember", "recall", "forget", "verify", "memories", "update_plan", "plan_goal"],
  ...["write_file", "edit_file", "send_task", "reply", "agents"],
  ...["consult_adviser", "second_opinion", "summarize"],
]);

const leastQuote = 8;
const mostListed = 10;

/** Null: there is one. Otherwise why not, and what to do. */
export function whyNoProof(memory: Memory, { source, text }: Proof, known: Known): string | null {
  if (known.tainted)
    return (
      "this task has read words of strangers, so nothing in it proves a memory. Let a person look at it, or give you " +
      `a new task that names ${memory.id} and where to look: check it there before you read anything else`
    );
  if (source === "task") return whyNotSaid(text, known.task);
  const call = known.calls.find(({ id }) => id === source);
  const why = call === undefined ? `there is no call ${source}` : whyNotShown(memory, call, known);
  return why === null ? null : `${why}. ${remedy(memory, known)}`;
}

function whyNotSaid(text: string, { from, request }: Task): string | null {
  if (from.agent !== null) return "an agent sent this task, and its word proves nothing";
  const quote = plain(text);
  if (quote.length >= leastQuote && plain(request.text).includes(quote)) return null;
  return "evidence has to be the sender's own words, quoted from the task as they stand there";
}

const plain = (text: string): string => text.replace(/\s+/gu, " ").trim();

function whyNotShown(memory: Memory, call: CallFacts, { task }: Known): string | null {
  if (showsNothing.has(call.tool)) return `${call.tool} shows nothing but what it was told`;
  if (!call.ok) return `call ${call.id} failed`;
  if (!call.clean) return `call ${call.id} ended after this task had read words of strangers`;
  return isLater(memory, call, task.id)
    ? null
    : `call ${call.id} was made before the memory was kept`;
}

/** By place in the journal where both are of this task: clocks may stand still, or go back. */
function isLater({ source, created }: Memory, call: CallFacts, task: string): boolean {
  const [kept, shown] = [placeOf(source.call ?? ""), placeOf(call.id)];
  if (source.task !== task || kept === null || shown === null) return call.at > created;
  return shown[0] > kept[0] || (shown[0] === kept[0] && shown[1] > kept[1]);
}

function placeOf(id: string): readonly [number, number] | null {
  const [, step, index] = /^(\d+)-(\d+)$/.exec(id) ?? [];
  return step === undefined || index === undefined ? null : [Number(step), Number(index)];
}

function remedy(memory: Memory, known: Known): string {
  const fit = known.calls.filter((call) => whyNotShown(memory, call, known) === null);
  if (fit.length === 0)
    return "Look at its source with a tool first, e.g. shell or read_file, then verify it with the id of that call";
  const shown = fit.slice(0, mostListed).map(({ id, tool }) => `${id} (${tool})`);
  return `Calls that may show it: ${shown.join(", ")}`;
}
