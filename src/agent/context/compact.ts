/**
 * Replaces the older part of a conversation by a summary that a model makes, in two steps: what is worth
 * remembering beyond the task, and what the task still needs.
 *
 * The originals are in the journal already and stay there. The intent is on disk before the first call, each
 * call when it is answered; the conversation changes with one line at the end. After a crash before that line
 * all begins again, after it memories that nobody took are handed over again. A step that fails changes nothing.
 */
import type { ModelError } from "../../model/types.ts";
import type { Run } from "../run.ts";
import type { ExtractedMemory } from "./lines.ts";
import { compress, extract, type Job, partsFor } from "./readers.ts";
import { summaryText } from "./render.ts";
import type { Summary } from "./schemas.ts";
import { olderEnd, sum } from "./turns.ts";
import { type Measure, type Summarizer, sharesOf } from "./window.ts";

export type Compacted =
  /** `nothing`: too little is old enough to be worth it. */
  | { readonly kind: "done" | "stopped" | "nothing" }
  /** `error`: what the model said instead of an answer, if it said anything. */
  | { readonly kind: "failed"; readonly error: ModelError | null };

export async function compact(
  run: Run,
  measure: Measure,
  learned: number | null,
): Promise<Compacted> {
  const { messages, head, context } = run.state;
  const { tokensOf } = run.meter;
  const shares = sharesOf(measure);
  const to = olderEnd(messages, head, shares.keep, tokensOf);
  if (sum(messages.slice(head, to), tokensOf) < shares.worth) return { kind: "nothing" };
  const job: Job = { run, n: context.compactions + 1, from: head, to, measure, learned };
  const { n } = job;
  const { tokens, limit } = measure;
  run.record({ kind: "compaction-intent", n, from: head, to, tokens, limit, at: run.now() });
  run.commit();
  const failure = await summarize(job);
  if (failure === null) {
    run.commit();
    await handOver(run);
    return { kind: "done" };
  }
  if (run.signal.aborted) return { kind: "stopped" };
  const { why, error } = failure;
  // Waiting for money is no failure: nothing was asked.
  if (error?.needs === undefined) run.record({ kind: "compaction-failed", n, why, at: run.now() });
  return { kind: "failed", error };
}

interface Failure {
  readonly why: string;
  readonly error: ModelError | null;
}

/** Each that may do it, until one can. Null, or why none could. */
async function summarize(job: Job): Promise<Failure | null> {
  const { window, options } = job.run;
  const { model, summarizer } = options;
  const own: Summarizer = { model, window };
  let failure: Failure = { why: "no model has the room to read it", error: null };
  for (const reader of summarizer === undefined ? [own] : [summarizer, own]) {
    const parts = partsFor(job, reader, reader === own);
    if (parts === null) continue;
    const memories = await extract(job, reader, parts);
    const summary = await compress(job, reader, parts);
    if (summary.ok) {
      replace(job, summary.value, memories);
      return null;
    }
    const error = summary.kind === "model" ? summary.error : null;
    failure = { why: `${reader.model}: ${summary.why}`, error };
    if (summary.kind === "stopped") break;
  }
  return failure;
}

function replace(job: Job, summary: Summary, memories: readonly ExtractedMemory[]): void {
  const { run, n, from, to, measure, learned } = job;
  const text = summaryText(summary, run.nonce());
  const { tokensOf } = run.meter;
  const source = sum(run.state.messages.slice(from, to), tokensOf);
  run.record({
    kind: "compaction",
    n,
    how: "summary",
    from,
    to,
    text,
    edits: [],
    memories,
    before: measure.tokens,
    after: measure.tokens - source + tokensOf({ role: "user", content: text }),
    learned,
    at: run.now(),
  });
}

/** Hands over what nobody took yet; also after a crash. */
export async function handOver(run: Run): Promise<void> {
  if (run.keep === undefined) return;
  for (const { n, memories } of run.state.context.unkept) {
    let why: string | null = null;
    try {
      const { tainted } = run.state;
      await run.keep({ key: `${run.task.id}/${n}`, memories, tainted });
    } catch (error) {
      why = error instanceof Error ? error.message : String(error);
    }
    run.record({ kind: "memories-kept", n, why, at: run.now() });
  }
}
