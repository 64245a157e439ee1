/**
 * Settles a task: the answer becomes public, the asking agent is told, then the task is moved.
 *
 * Response and record appear together (see publishTogether) and the record is what counts: once it
 * exists the task is settled, and every step after it can be repeated without a second answer.
 * After a crash: an active task with a record, which `recover` finishes; never two answers, never
 * none. The last move of an active or deferred task is not synced on purpose: undone by a power cut, it
 * is simply made again.
 */
import { errnoOf } from "../system/disk.ts";
import { exists, moveDurably } from "../system/durable.ts";
import { publishTogether } from "../system/publish.ts";
import { answerOf, type FinalOutcome, type Run, recordOf } from "../task/record.ts";
import type { Task } from "../task/task.ts";
import { forgetAttempts } from "./attempts.ts";
import { type Place, pathIn, recordPath, responsePath } from "./known.ts";
import { forgetNote } from "./notes.ts";
import { finishPublishing } from "./published.ts";
import { forgetQuestion } from "./question.ts";
import { sendAnswer } from "./reply.ts";
import type { Post, SpoolWorld } from "./world.ts";

/** People in group `trusted` read answers through an ACL, which the group bits mask. */
const mode = 0o640;

export interface SettleRun extends Omit<Run, "agent" | "finishedAt"> {
  /** Where the task lies now. */
  readonly place: Extract<Place, "active" | "deferred" | "held">;
}

/** Gives `task` its final outcome. */
export function settle(
  world: SpoolWorld,
  post: Post,
  task: Task,
  outcome: FinalOutcome,
  run: SettleRun,
): void {
  const status = publish(world, post, task, outcome, run);
  putAway(world, post, task.id, status, run);
  world.log.info("task settled", { id: task.id, status, attempts: run.attempts });
}

/** Makes the answer public and tells an asking agent; what is public already stays as it is. */
export function publish(
  world: SpoolWorld,
  post: Post,
  task: Task,
  outcome: FinalOutcome,
  run: Pick<Run, "attempts" | "startedAt">,
): FinalOutcome["kind"] {
  const { paths } = post;
  const before = exists(world.disk, responsePath(paths, task.id))
    ? finishPublishing(world, post, task)
    : null;
  if (before !== null) return before.status;
  const { attempts, startedAt } = run;
  const finishedAt = new Date(world.now()).toISOString();
  const record = recordOf(task, outcome, { agent: post.name, attempts, startedAt, finishedAt });
  const answer = answerOf(outcome);
  const files = [
    { path: responsePath(paths, task.id), bytes: Buffer.from(`${answer.replace(/\n$/, "")}\n`) },
    { path: recordPath(paths, task.id), bytes: Buffer.from(`${JSON.stringify(record)}\n`) },
  ];
  publishTogether(world.disk, paths.outbox, files, mode);
  sendAnswer(world, post, task, answer, finishedAt);
  const why =
    outcome.kind === "cancelled" ? `by ${outcome.by}` : "why" in outcome ? outcome.why : null;
  world.told?.({ state: outcome.kind, task, ...(why === null ? {} : { why }) });
  return outcome.kind;
}

/** Moves a task whose record exists out of the queue. Repeating it is harmless. */
export function putAway(
  world: SpoolWorld,
  post: Post,
  id: string,
  status: FinalOutcome["kind"],
  run: Pick<SettleRun, "attempts" | "place"> & { readonly durable?: boolean },
): void {
  const to = pathIn(post.paths, status === "failed" ? "failed" : "processed", id);
  const from = pathIn(post.paths, run.place, id);
  try {
    // Nobody looks at a held task before its time is over, so this move must not be undone.
    if (run.place === "held" || run.durable === true) moveDurably(world.disk, from, to);
    else world.disk.rename(from, to);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT" || !exists(world.disk, to)) throw error;
  }
  // A task that ends in its first attempt never had a counter, nor a note of what it waited for.
  if (run.attempts === 1 && run.place === "active") return;
  forgetAttempts(world.disk, post.paths, id);
  forgetQuestion(world.disk, post.paths, id);
  forgetNote(world.disk, post.paths, id);
}
