/**
 * What a task has read of strangers, and which of its calls came before: folded from the journal. Pure.
 *
 * Once tainted, a task stays so: no compaction, retry or resume takes back what it read. A line counts as the tool, or
 * whoever made it, said; one of an earlier version says nothing.
 */
import type { CallFacts } from "../tools/desks.ts";
import type { CallResult, JournalLine } from "./journal.ts";

/** Calls that have their result, the latest first; each knows those before it, so that none is ever copied. */
export interface Calls {
  readonly call: CallFacts;
  readonly before: Calls | null;
}

/** It brought words of strangers into the conversation. What another program than the loop reads, nobody knows. */
export const taints = (line: JournalLine): boolean =>
  line.kind === "exec" ||
  ((line.kind === "prompt" || line.kind === "tool-result" || line.kind === "check-result") &&
    line.untrusted === true);

interface Changed {
  readonly tainted: boolean;
  readonly calls: Calls | null;
}

export const tainting = <State extends Changed>(state: State, line: JournalLine): State =>
  !state.tainted && taints(line) ? { ...state, tainted: true } : state;

/** `tool`: its name, as the model wrote it. `state` knows of the result whether it taints. */
export const withCall = (
  { tainted, calls }: Changed,
  { step, index, ok, at }: CallResult,
  tool: string,
): Calls => ({
  call: { id: `${step}-${index}`, tool, ok, clean: !tainted, at: Date.parse(at) },
  before: calls,
});

export function callsIn(calls: Calls | null): CallFacts[] {
  const all: CallFacts[] = [];
  for (let one = calls; one !== null; one = one.before) all.push(one.call);
  return all;
}
