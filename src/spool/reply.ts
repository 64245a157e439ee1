/**
 * Tells an agent the answer to a task it sent. The id is derived from the task and its settling, so
 * repeats collapse into one. Never: answers an answer, so two agents cannot bounce for ever.
 */
import { isDiskTrouble } from "../system/disk.ts";
import { ConError, exit } from "../system/errors.ts";
import { requestOf } from "../task/codec.ts";
import { derivedId } from "../task/id.ts";
import { behalfOf, principalOf } from "../task/principal.ts";
import type { Task } from "../task/task.ts";
import { headOf } from "../task/text.ts";
import { deliver } from "./deliver.ts";
import type { Post, SpoolWorld } from "./world.ts";

/** Bytes of an answer that travel; the whole stays in the outbox. */
const maxAnswerBytes = 1024 * 1024;

/** Delivers `answer` to the agent that sent `task`, if one did. `finishedAt` is the record's. */
export function sendAnswer(
  world: SpoolWorld,
  post: Post,
  task: Task,
  answer: string,
  finishedAt: string,
): void {
  const { agent } = task.from;
  if (agent === null || agent === post.name || task.request.replyTo !== null) return;
  const mailbox = world.mailboxOf(agent);
  if (mailbox === null) return;
  const id = derivedId(Date.parse(finishedAt), ["answer", post.name, task.id, finishedAt]);
  const { thread, hops } = task.request;
  const text = headOf(answer, maxAnswerBytes);
  const request = requestOf(text, {
    ...{ replyTo: task.id, thread, hops: Math.min(hops + 1, 999) },
    // Where nobody knows any more for whom it was asked, the answers for several are still kept apart.
    behalf: behalfOf(post.name, principalOf(task)),
  });
  try {
    deliver(world, mailbox.inbox, request, { id, bell: mailbox.bell });
  } catch (error) {
    if (!(error instanceof ConError) || error.code === exit.tryLater) throw error;
    // The answer is in our outbox; an agent that lets nobody answer is no reason to fail the task.
    world.log.warn("an answer could not be delivered", { id: task.id, to: agent, why: error.why });
  }
}

/** True for a full, read-only or failing disk, met directly or while delivering. */
export const isTryLater = (error: unknown): boolean =>
  isDiskTrouble(error) || (error instanceof ConError && error.code === exit.tryLater);
