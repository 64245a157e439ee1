/**
 * The states of one approval: pending → approved, denied or expired, and never back. Pure.
 *
 * Never: counts the one who asked, counts anybody twice, or lets anything follow the end.
 */
import type { Approval, Who } from "./types.ts";

export type Move =
  | {
      readonly kind: "approve";
      readonly by: Who;
      readonly why: string;
      readonly at: number;
      /** It is an agent's word: one of them counts, however many there are. */
      readonly isAgent?: boolean;
    }
  | { readonly kind: "deny"; readonly by: Who; readonly why: string; readonly at: number }
  /** Somebody looks: what is over is over. */
  | { readonly kind: "look"; readonly at: number };

export interface Moved {
  readonly approval: Approval;
  /** Why the move changed nothing that its maker wanted; null when it stands. */
  readonly refusal: string | null;
}

export function move(before: Approval, made: Move): Moved {
  const approval = expire(before, made.at);
  if (made.kind === "look") return { approval, refusal: null };
  if (made.by.uid === approval.by.uid)
    return refused(approval, "nobody decides on a wish of one's own");
  if (made.kind === "approve") return approve(approval, made);
  return deny(approval, made);
}

const refused = (approval: Approval, refusal: string): Moved => ({ approval, refusal });

function expire(approval: Approval, at: number): Approval {
  if (approval.state !== "pending" || at < Date.parse(approval.expires)) return approval;
  const ended = { at: approval.expires, by: null, why: "nobody decided in time" };
  return { ...approval, state: "expired", ended };
}

/** Said again by the same person it is the same approval. */
function approve(approval: Approval, made: Extract<Move, { kind: "approve" }>): Moved {
  const isCounted = approval.approvals.some(({ uid }) => uid === made.by.uid);
  if (isCounted && (approval.state === "pending" || approval.state === "approved"))
    return { approval, refusal: null };
  if (approval.state !== "pending") return refused(approval, inPast(approval));
  const isAgent = made.isAgent === true;
  if (isAgent && approval.approvals.some(({ agent }) => agent === true))
    return refused(approval, "another agent agreed already, and the rest is for people");
  const at = new Date(made.at).toISOString();
  const who = {
    uid: made.by.uid,
    name: made.by.name,
    ...(isAgent ? { agent: true as const } : {}),
  };
  const consent = { ...who, at, why: made.why };
  const approvals = [...approval.approvals, consent];
  if (approvals.length < approval.needed)
    return { approval: { ...approval, approvals }, refusal: null };
  const ended = { at, by: made.by, why: made.why };
  return { approval: { ...approval, approvals, state: "approved", ended }, refusal: null };
}

function deny(approval: Approval, made: Extract<Move, { kind: "deny" }>): Moved {
  const isSame = approval.state === "denied" && approval.ended?.by?.uid === made.by.uid;
  if (isSame) return { approval, refusal: null };
  if (approval.state !== "pending") return refused(approval, inPast(approval));
  const ended = { at: new Date(made.at).toISOString(), by: made.by, why: made.why };
  return { approval: { ...approval, state: "denied", ended }, refusal: null };
}

/** `it was denied by trent at …`. */
export function inPast({ state, ended }: Approval): string {
  const whose = ended?.by == null ? "" : ` by ${ended.by.name}`;
  return `it ${state === "expired" ? "has expired" : `was ${state}`}${whose} at ${ended?.at ?? "?"}`;
}
