/** The public record and the answer text of a settled task. Pure. */
import type { Outcome, Tally, Task, TaskRecord } from "./task.ts";

/** An outcome after which nothing is tried again. */
export type FinalOutcome = Exclude<Outcome, { readonly kind: "defer" | "held" }>;

export interface Run {
  readonly agent: string;
  readonly attempts: number;
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** `ID.json`: keys are public, change only by adding. */
export function recordOf(task: Task, outcome: FinalOutcome, run: Run): TaskRecord {
  const tally: Tally = outcome.tally;
  return {
    id: task.id,
    agent: run.agent,
    status: outcome.kind,
    from: { uid: task.from.uid, name: task.from.name },
    trust: task.trust,
    attempts: run.attempts,
    received_at: task.receivedAt,
    started_at: run.startedAt,
    finished_at: run.finishedAt,
    model: tally.model,
    steps: tally.steps,
    tokens: tally.tokens,
    cost_usd: tally.costUsd,
    error: outcome.kind === "failed" ? outcome.why : null,
    children: tally.children,
    thread: task.request.thread,
    checks: (outcome.kind === "cancelled" ? null : outcome.checks) ?? null,
  };
}

/** `ID.response`: what the sender reads. Never empty, so that it can be seen. */
export function answerOf(outcome: FinalOutcome): string {
  switch (outcome.kind) {
    case "done":
      return outcome.answer === "" ? "(no answer text)" : outcome.answer;
    case "failed":
      return outcome.answer === "" ? `The task failed: ${outcome.why}` : outcome.answer;
    case "cancelled":
      return `The task was cancelled by ${outcome.by}.`;
  }
}
