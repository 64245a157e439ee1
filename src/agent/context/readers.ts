/**
 * The calls of a compaction: what is asked of a model that summarizes, part by part where its window is small.
 *
 * Each answer is on disk before it is judged further. Never: changes the conversation.
 */
import { askStructured, type Structured } from "../../model/structured.ts";
import type { ModelReply } from "../../model/types.ts";
import type { Run } from "../run.ts";
import { judgeMemories, judgeSummary, loadForms } from "./accept.ts";
import { compressMessages, extractMessages, type Part } from "./instructions.ts";
import type { CompactionCall, ExtractedMemory } from "./lines.ts";
import { summaryText } from "./render.ts";
import { contextSchemas, type Summary } from "./schemas.ts";
import { partsOf, type Source } from "./source.ts";
import { sum } from "./turns.ts";
import { type Measure, roomOf, type Summarizer, sharesOf } from "./window.ts";

export interface Job {
  readonly run: Run;
  readonly n: number;
  readonly from: number;
  readonly to: number;
  readonly measure: Measure;
  readonly learned: number | null;
}

/** What stands beside a part in its request: instructions, form, an answer that is refused. */
const besidePart = 2000;
const leastRoom = 1000;
/** One with a small window must not be asked time and again what the task's own model reads at once. */
const mostParts = 8;

export function partsFor({ run, from, to, measure }: Job, { window }: Summarizer, isLast: boolean) {
  const { messages } = run.state;
  const task = messages[from - 1];
  const whole = roomOf(window);
  const room =
    Math.floor(0.9 * whole - Math.min(besidePart, whole / 4)) - sharesOf(measure).summary;
  if (task === undefined || room < leastRoom) return null;
  const { tokensOf, countText } = run.meter;
  const source: Source = { task, older: messages.slice(from, to), tokensOf, countText };
  const parts = partsOf(source, room);
  if (parts.length > mostParts && !isLast) return null;
  return parts.map((lines, at): Part => ({ lines, number: at + 1, of: parts.length }));
}

export async function extract(
  job: Job,
  reader: Summarizer,
  parts: readonly Part[],
): Promise<ExtractedMemory[]> {
  const { run } = job;
  if (run.keep === undefined) return [];
  const forms = await loadForms();
  const all: ExtractedMemory[] = [];
  for (const part of parts) {
    const answer = await ask(job, reader, "memories", {
      name: "memory_extraction",
      messages: extractMessages(part, run.nonce()),
      accept: (value) => judgeMemories(forms, value),
    });
    // Remembering less is no reason to stop: the journal has it all.
    if (!answer.ok) break;
    all.push(...answer.value);
  }
  return all;
}

/** Part by part, each time with the summary of those before. */
export async function compress(
  job: Job,
  reader: Summarizer,
  parts: readonly Part[],
): Promise<Structured<Summary>> {
  const { run, from, to, measure } = job;
  const { tokensOf, countText } = run.meter;
  const forms = await loadForms();
  const source = sum(run.state.messages.slice(from, to), tokensOf);
  const most = Math.min(sharesOf(measure).summary, source - 1);
  const sizeOf = (summary: Summary): number => countText(summaryText(summary, run.nonce()));
  let earlier: Summary | null = null;
  for (const part of parts) {
    const before: string | null = earlier === null ? null : JSON.stringify(earlier);
    const words = Math.floor(most / 2);
    const answer: Structured<Summary> = await ask(job, reader, "summary", {
      name: "history_compression",
      messages: compressMessages(part, before, { words, nonce: run.nonce() }),
      accept: (value) => judgeSummary(forms, value, { most, sizeOf }),
    });
    if (!answer.ok) return answer;
    earlier = answer.value;
  }
  if (earlier === null) return { ok: false, kind: "invalid", why: "there was nothing to read" };
  return { ok: true, value: earlier };
}

function ask<T>(
  { run, n }: Job,
  { model }: Summarizer,
  part: CompactionCall["part"],
  question: Pick<Parameters<typeof askStructured<T>>[0], "messages" | "accept"> & {
    readonly name: keyof typeof contextSchemas;
  },
): Promise<Structured<T>> {
  const spent = (reply: ModelReply, why: string | null): void => {
    const { usage, costUsd } = reply;
    const at = run.now();
    run.record({ kind: "compaction-call", n, part, why, model: reply.model, usage, costUsd, at });
    run.commit();
  };
  const schema = contextSchemas[question.name];
  return askStructured(
    { ...question, model, taskId: run.task.id, schema },
    { stream: run.model, signal: run.signal, spent },
  );
}
