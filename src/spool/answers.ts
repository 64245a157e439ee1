/**
 * A task that answers what a held task waits for: it becomes the result of that call instead of being
 * run, and is settled like any other.
 *
 * Order: the note takes the answer; the answering task is published (from then on it is settled);
 * the held task is woken; the answering task is put away. A crash anywhere leaves the answering task
 * active, and the same is done again: nothing is taken twice, nobody is woken twice. Never: takes an
 * answer from anybody but who was asked, or from a file that its owner did not make in the inbox.
 */
import type { HoldAnswer, Woken } from "../task/hold.ts";
import { emptyTally, type Task } from "../task/task.ts";
import { isPersonsWord } from "../task/trust.ts";
import { type Attempts, readAttempts } from "./attempts.ts";
import { wake } from "./held.ts";
import { pathIn, placeOf } from "./known.ts";
import { notedIds, readNote, writeNote } from "./notes.ts";
import { type Queued, readQueued } from "./queued.ts";
import { publish, putAway } from "./settle.ts";
import {
  type Awaited,
  awaitedIn,
  isClosed,
  isOpen,
  people,
  type Taken,
  type WaitNote,
  withAnswer,
} from "./wait-note.ts";
import type { Post, SpoolWorld } from "./world.ts";

export type TakenAnswer =
  | { readonly kind: "none" }
  /** `woken`: the id of the task that is active again, or null. */
  | { readonly kind: "taken"; readonly woken: string | null };

/** Takes an active task as an answer when somebody waits for it; it is settled then. */
export function takeAnswer(
  world: SpoolWorld,
  post: Post,
  { task, claimedAt, attempts }: Queued & { readonly attempts: Attempts },
): TakenAnswer {
  const found = waiterOf(world, post, task);
  if (found === null) return { kind: "none" };
  const { id, note, isTaken } = found;
  const to = task.request.replyTo ?? "";
  const after = isTaken ? note : withAnswer(note, { to, task: task.id });
  // Also when a crash came between: what is read there may not be on disk yet.
  writeNote(world.disk, post.paths, id, after);
  const run = { place: "active", attempts: attempts.attempts, startedAt: claimedAt } as const;
  publish(world, post, task, outcomeFor(id), run);
  const woken = isClosed(after) && wake(world, post, id) ? id : null;
  // Whoever waited reads the text where it lies then.
  putAway(world, post, task.id, "done", { ...run, durable: true });
  world.log.info("an answer was taken", { id: task.id, to: id, complete: isClosed(after) });
  return { kind: "taken", woken };
}

const outcomeFor = (waiter: string) =>
  ({
    kind: "done",
    answer: `Taken as the answer that task ${waiter} waited for.`,
    tally: emptyTally,
  }) as const;

/** For a task that is settled: wakes who had all answers with it. Returns its id, or null. */
export function wakeWaiter(world: SpoolWorld, post: Post, task: Task): string | null {
  const found = waiterOf(world, post, task);
  return found?.isTaken && isClosed(found.note) && wake(world, post, found.id) ? found.id : null;
}

interface Waiter {
  readonly id: string;
  readonly note: WaitNote;
  /** This very task was taken before. */
  readonly isTaken: boolean;
}

function waiterOf(world: SpoolWorld, post: Post, task: Task): Waiter | null {
  const { replyTo, interim } = task.request;
  if (replyTo === null || interim) return null;
  for (const id of notedIds(world.disk, post.paths)) {
    const note = readNote(world.disk, post.paths, id);
    if (note === null) continue;
    const isTaken = note.answers.some((taken) => taken.to === replyTo && taken.task === task.id);
    const awaited = awaitedIn(note).find((one) => one.id === replyTo);
    const wanted = isTaken || (awaited !== undefined && mayAnswer(awaited, task));
    if (wanted && isWaiting(world, post, id)) return { id, note, isTaken };
  }
  return null;
}

function mayAnswer({ from: asked }: Awaited, task: Task): boolean {
  if (asked === people) return isPersonsWord(task);
  return task.moved !== true && (asked === null ? task.from.uid === 0 : task.from.agent === asked);
}

/** A note may outlive its task for a moment. */
const isWaiting = (world: SpoolWorld, post: Post, id: string): boolean =>
  ["held", "active", "deferred"].includes(placeOf(world.disk, post.paths, id) ?? "");

/** What came back for the calls of a task that do not wait any more. */
export async function wokenCalls(world: SpoolWorld, post: Post, id: string): Promise<Woken[]> {
  const note = readNote(world.disk, post.paths, id);
  const woken: Woken[] = [];
  for (const call of note?.calls ?? []) {
    if (note === null || isOpen(note, call)) continue;
    const answers: HoldAnswer[] = [];
    let lost: string | null = null;
    for (const { id: to } of call.waitFor) {
      const by = note.answers.find((taken) => taken.to === to)?.task;
      const answer = by === undefined ? null : await useAnswer(world, post, id, { to, task: by });
      if (answer !== null) answers.push(answer);
      else if (by !== undefined) lost = `the answer, task ${by}, cannot be read any more`;
    }
    woken.push({ call: call.call, answers, over: lost ?? call.over });
  }
  return woken;
}

/**
 * The answer is read where its task lies. After crashes that may be put off and not settled yet: that
 * is done first, so that nobody runs what was used.
 */
async function useAnswer(
  world: SpoolWorld,
  post: Post,
  waiter: string,
  { to, task: id }: Taken,
): Promise<HoldAnswer | null> {
  const place = placeOf(world.disk, post.paths, id);
  if (place === null) return null;
  const queued = await readQueued(world.disk, pathIn(post.paths, place, id), world.loadYaml);
  if (typeof queued === "string") return null;
  const { task, claimedAt: startedAt } = queued;
  if (place === "active" || place === "deferred") {
    const { attempts } = readAttempts(world.disk, post.paths, id);
    const run = { place, attempts, startedAt } as const;
    publish(world, post, task, outcomeFor(waiter), run);
    putAway(world, post, id, "done", { ...run, durable: true });
  }
  return {
    ...{ to, from: task.from.name, id, at: task.receivedAt, text: task.request.text },
    ...(isPersonsWord(task) ? { person: true as const } : {}),
  };
}
