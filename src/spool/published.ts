/**
 * What of an answer is public already: for whoever settles a task that a crash left half settled.
 *
 * Never: lets an answer be written over one that somebody may have read.
 */
import { readFile } from "../system/durable.ts";
import { rollForward } from "../system/publish.ts";
import type { Status, Task } from "../task/task.ts";
import { recordPath, responsePath } from "./known.ts";
import { sendAnswer } from "./reply.ts";
import type { Post, SpoolWorld } from "./world.ts";

export interface Published {
  readonly status: Status;
  readonly attempts: number;
}

/** Finishes what was begun and tells the asking agent; null when there is no record. */
export function finishPublishing(world: SpoolWorld, post: Post, task: Task): Published | null {
  const { disk } = world;
  const { paths } = post;
  const record = recordPath(paths, task.id);
  const response = responsePath(paths, task.id);
  rollForward(disk, paths.outbox, [response, record]);
  const bytes = readFile(disk, record, 1 << 20);
  if (bytes === null) return null;
  const { status, attempts, finishedAt } = readRecord(bytes);
  const answer = readFile(disk, response, 1 << 30);
  if (answer !== null) {
    const text = Buffer.from(answer).toString("utf8").replace(/\n$/, "");
    sendAnswer(world, post, task, text, finishedAt);
  }
  return { status, attempts };
}

function readRecord(bytes: Uint8Array) {
  const value = JSON.parse(Buffer.from(bytes).toString("utf8")) as {
    readonly status: Status;
    readonly attempts: number;
    readonly finished_at: string;
  };
  return { status: value.status, attempts: value.attempts, finishedAt: value.finished_at };
}
