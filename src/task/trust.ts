/**
 * Trust comes from the owner uid of the claimed descriptor and from nothing else: not from names,
 * not from anything the sender wrote. It counts only for a file that its owner created in the inbox:
 * the set-group-ID inbox gives its own group to such files, and a file that somebody renamed into it
 * keeps the group that it had.
 */
import type { Request, Sender, Trust } from "./task.ts";

/**
 * `trustedUids` are the members of group `trusted`, resolved at bootstrap; `createdHere` is false for a
 * file whose group is not the inbox's.
 */
export const trustOf = (
  uid: number,
  trustedUids: readonly number[],
  createdHere: boolean,
): Trust => (createdHere && (uid === 0 || trustedUids.includes(uid)) ? "verified" : "unverified");

/** Front matter of every answer of the steward. Whoever else writes it gains nothing by it. */
export const stewardMark = { answer_of: "steward" } as const;

/**
 * Root wrote it, but not all that it says: an answer may quote words of the agent that asked. It is the result
 * of a call that waits for it, and never work, least of all verified work.
 */
export const isStewardAnswer = ({
  from,
  request,
}: {
  readonly from: Pick<Sender, "uid">;
  readonly request: Pick<Request, "replyTo" | "extra">;
}): boolean =>
  from.uid === 0 &&
  request.replyTo !== null &&
  request.extra["answer_of"] === stewardMark.answer_of;

/** Front matter of a person's word on a task that waits for it. Whoever else writes it gains nothing by it. */
export const personMark = { answer_of: "person" } as const;

/** It may answer what people were asked: their own word, and no agent's, also one that is in group `trusted`. */
export const isPersonsWord = ({
  from,
  trust,
  moved,
}: {
  readonly from: Pick<Sender, "agent">;
  readonly trust: Trust;
  readonly moved?: boolean;
}): boolean => trust === "verified" && from.agent === null && moved !== true;

/** An answer and nothing else: where nothing waits for it, it is kept, and is no work. */
export const isBareAnswer = (task: Parameters<typeof isStewardAnswer>[0]): boolean =>
  isStewardAnswer(task) ||
  (task.request.replyTo !== null && task.request.extra["answer_of"] === personMark.answer_of);

export type Admission = { readonly ok: true } | { readonly ok: false; readonly why: string };

export interface Visitor {
  readonly uid: number;
  /** Agent name of the uid, null for people and services. */
  readonly agent: string | null;
  readonly trust: Trust;
}

/**
 * Whether a sender may start work here. An agent that is no tasker may only answer what it was
 * asked; `askedOf` names the agent that the answered task was sent to, null when there was none.
 * Other uids could only write because an ACL let them: the ACL is the authority.
 */
export function admit(
  visitor: Visitor,
  self: { readonly uid: number; readonly taskerUids: readonly number[] },
  askedOf: string | null,
): Admission {
  if (visitor.trust === "verified" || visitor.uid === self.uid) return { ok: true };
  if (visitor.agent === null || self.taskerUids.includes(visitor.uid)) return { ok: true };
  if (askedOf === visitor.agent) return { ok: true };
  return { ok: false, why: `agent ${visitor.agent} may answer here but not start work` };
}
