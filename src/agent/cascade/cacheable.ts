/**
 * Whose answers may be given again, to whom, and for which texts. Pure.
 *
 * Never: for a task that asks to act or to program, for one that depends on more than its text, across principals,
 * or after anything changed that the answer may have come from.
 */
import type { Task } from "../../task/task.ts";
import { asksForNow, asksToAct } from "./classify.ts";
import { sameMeaning } from "./words.ts";

/** Longer texts are rarely sent twice, and have more in them than their likeness shows. */
const maxText = 2000;
const leastSimilar = 12;
const mostRatio = 3;

/** Why no cache is asked for this task, and its answer kept in none; null = it may be. */
export function whyNotCached({ request }: Pick<Task, "request">): string | null {
  const { text, thread, replyTo, attachments, doneWhen, control } = request;
  if (thread !== null) return "it belongs to a thread";
  if (replyTo !== null) return "it is an answer";
  if (attachments.length > 0) return "it names files";
  if (doneWhen !== null) return "it demands checks";
  if (control !== null) return "it is about another task";
  if (Object.keys(request.extra).length > 0) return "it says more than its text";
  if (text.trim() === "" || text.length > maxText)
    return `it is empty or longer than ${maxText} characters`;
  if (asksToAct(text)) return "it asks to act or to program";
  if (asksForNow(text)) return "its answer depends on when it is asked";
  return null;
}

export interface Kept {
  readonly principal: string;
  readonly context: string;
  readonly text: string;
  readonly answer: string;
  readonly at: number;
}

export interface Asked {
  readonly principal: string;
  /** Digest of all that the answer may come from beside the text. */
  readonly context: string;
  readonly text: string;
  readonly now: number;
  readonly ttlSeconds: number;
}

/** Whatever the store gave: this decides. An answer from the future is none. */
const mayAnswer = (kept: Kept, asked: Asked): boolean =>
  kept.principal === asked.principal &&
  kept.context === asked.context &&
  kept.at <= asked.now &&
  asked.now - kept.at < asked.ttlSeconds * 1000;

export const isSame = (kept: Kept, asked: Asked): boolean =>
  mayAnswer(kept, asked) && kept.text === asked.text;

/** Why it is too short for likeness; null = it is not. */
export const whyNotLiked = (text: string): string | null =>
  text.trim().length < leastSimilar ? `it is shorter than ${leastSimilar} characters` : null;

/** `likeness` is the cosine of both. */
export function isAlike(kept: Kept, asked: Asked, likeness: number, threshold: number): boolean {
  const [short, long] = [kept.text.length, asked.text.length].sort((a, b) => a - b);
  return (
    mayAnswer(kept, asked) &&
    likeness >= threshold &&
    (long ?? 0) <= mostRatio * (short ?? 0) &&
    sameMeaning(kept.text, asked.text)
  );
}
