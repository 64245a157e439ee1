/** The result of a batch: what came back goes into the goal, and to the model as a table and as data. */

import { verdictOf, withAttempt, withPart } from "../../task/goal/state.ts";
import { type Attempt, type End, type Goal, keptBytes, type Part } from "../../task/goal/types.ts";
import { nextStep, tableOf } from "../../task/goal/words.ts";
import type { HoldAnswer } from "../../task/hold.ts";
import { headOf } from "../../task/text.ts";
import type { Goals } from "../desks.ts";
import type { ToolResult } from "../result.ts";
import type { ToolContext, WokenCall } from "../tool.ts";

/** Bytes of all answers of one batch that the model gets at once. */
const shownBytes = 48 * 1024;

interface Ended {
  readonly part: Part;
  readonly attempt: Attempt;
  readonly end: End;
  readonly answer: HoldAnswer | null;
}

export function takeAnswers(
  goal: Goal,
  { answers, over, frame }: WokenCall,
  { callId, goals }: Pick<ToolContext, "callId"> & { readonly goals: Goals },
): ToolResult {
  // Also those that have their end: a crash may have come between.
  const mine = goal.parts.flatMap((part) => {
    const attempt = part.attempts.at(-1);
    return attempt?.call === callId && attempt.id !== null ? [{ part, attempt }] : [];
  });
  const share = Math.floor(shownBytes / Math.max(1, mine.length));
  const ended = mine.map(({ part, attempt }): Ended => {
    const answer = answers.find(({ to }) => to === attempt.id) ?? null;
    const end = endOf(part, attempt, answer, { over, share, goals });
    return { part, attempt, end, answer };
  });
  const after = ended.reduce(
    (changed, { part, attempt, end }) => withPart(changed, withAttempt(part, { ...attempt, end })),
    goal,
  );
  goals.save(after);
  const said = ended.flatMap(({ part, end, answer }) => {
    if (answer === null) return [];
    const cut = cutTo(answer.text, share, end.path);
    return [`Part ${part.id}. ${frame({ from: answer.from, id: answer.id, text: cut })}`];
  });
  return {
    ok: ended.every(({ end }) => end.kind === "done"),
    text: [[...tableOf(after), nextStep(after)].join("\n"), ...said].join("\n\n"),
    ...(said.length > 0 ? { untrusted: true } : {}),
  };
}

function endOf(
  part: Part,
  attempt: Attempt,
  answer: HoldAnswer | null,
  how: { readonly over: string | null; readonly share: number; readonly goals: Goals },
): End {
  if (answer === null) {
    const why = `no answer: ${how.over ?? "nothing more came"}`;
    return { kind: "late", why, path: null };
  }
  const { kind, why } = verdictOf(attempt, answer);
  const name = `${part.plan}-${part.id}-${part.attempts.length}`;
  const isLong = Buffer.byteLength(answer.text) > Math.min(how.share, keptBytes);
  const path = isLong ? how.goals.keep(name, answer.text) : null;
  if (kind !== "done") return { kind, why, path };
  return { kind, text: cutTo(answer.text, keptBytes, null), path };
}

function cutTo(text: string, bytes: number, path: string | null): string {
  const size = Buffer.byteLength(text);
  if (size <= bytes) return text;
  const rest = path === null ? "" : `, all of it is in ${path}`;
  return `${headOf(text, bytes)}\n[cut here: the first part of ${size} bytes${rest}]`;
}
