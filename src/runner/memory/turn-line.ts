/** One turn of a thread as a line of JSON, in which nothing is invisible and nothing ends the line. Pure. */
import type { Turn } from "../../memory/thread-types.ts";
import { inQuotes } from "../../memory/visible.ts";
import { headOf } from "../../task/text.ts";

/** `bytes` is for both texts together. */
export function lineOf(turn: Turn, bytes: number): string {
  const half = Math.max(200, Math.floor(bytes / 2) - 100);
  const { task, at, from, trust, status, askedPath, answerPath } = turn;
  return inQuotes({
    task,
    ended: new Date(at).toISOString(),
    from,
    trust,
    asked: part(turn.asked, half),
    ...(askedPath === null ? {} : { asked_in_full: askedPath }),
    ...(status === "done" ? {} : { status }),
    answered: part(turn.answer, half),
    ...(answerPath === null ? {} : { answered_in_full: answerPath }),
  });
}

function part(text: string, bytes: number): string {
  const head = headOf(text, bytes);
  return head === text ? text : `${head} [cut]`;
}
