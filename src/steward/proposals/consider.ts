/**
 * The way of everything that an agent proposes: looked at, shown to people, and made only when they agreed to exactly
 * these bytes on exactly that base.
 *
 * Never: a change that nobody approved, or of another agent's. All or nothing, with what it takes to take it back: see
 * ../change.ts. After a crash anywhere: done again from its start, and what is done already is only answered.
 */
import { type Approval, maxApprovalBytes, type Proposed } from "../approvals/types.ts";
import { holdForApproval } from "../approvals.ts";
import { askerOf } from "../authority.ts";
import { begunBy, type Change, carryOut, settle } from "../change.ts";
import { changeFor } from "../edit.ts";
import type { Requester } from "../policy.ts";
import type { ShareRequest } from "../types.ts";
import { type Asked, type Deed, done, type RequestOf, refused } from "../verb.ts";
import type { StewardWorld } from "../world.ts";
import { type Placed, pathOf } from "./base.ts";
import { targetOfRequest, tooOften } from "./limits.ts";
import {
  boundRecords,
  originOf,
  type ProposalRecord,
  readRecord,
  recordPath,
  recordText,
} from "./record.ts";
import { askReviewers } from "./reviewers.ts";

export type Proposing = RequestOf<"propose"> | RequestOf<ShareRequest["verb"]>;

/** What is proposed, as the steward found it. */
export interface Wish {
  /** Why people are asked: they see the first of them in the list of what waits. */
  readonly reasons: readonly string[];
  /** What is made. */
  readonly files: readonly Placed[];
  /** Tries it, and says what people are to see, or why it cannot be. */
  readonly show: () => Promise<Proposed | string>;
}

export interface Considered<R extends Proposing> {
  readonly request: R;
  readonly by: Requester;
  readonly asked: Asked;
  /** Text: why not. Cheap: a flood is refused after it. */
  readonly wishOf: (agent: string) => Wish | string;
}

export async function consider<R extends Proposing>(
  world: StewardWorld,
  { request, by, asked, wishOf }: Considered<R>,
): Promise<Deed> {
  const { id, approved } = asked;
  const target = targetOfRequest(request) ?? "";
  const begun = begunBy(world, id);
  if (begun !== null) return carried(world, begun, target);
  const agent = askerOf(world, by);
  if (agent === null) return refused(`${by.name} is no agent of this system any more`);
  await settle(world, agent, id);
  // Done already, and cut off before the answer.
  if (readRecord(world.disk, world.places.proposals, id) !== null)
    return done([words(target)], undoOf(id));
  const wish = wishOf(agent);
  if (typeof wish === "string") return refused(wish);
  // Before anything that costs more: a flood is refused cheaply.
  const often = approved === null ? tooOften(world, agent, target, id) : null;
  if (often !== null) return refused(often);
  const shown = fitting(request, await wish.show());
  if (typeof shown === "string") return refused(shown);
  if (approved !== null) return land(world, { request, agent, target, wish }, approved, shown);
  const held = holdForApproval(world, request, by, id, wish.reasons, shown);
  if (held.status === "held") askReviewers(world, agent, target, id);
  return held;
}

/** It lies in the approval, beside a few lines. */
const mostShown = maxApprovalBytes - 64 * 1024;

function fitting(request: Proposing, shown: Proposed | string): Proposed | string {
  if (typeof shown === "string") return shown;
  const size = Buffer.byteLength(JSON.stringify({ request, shown }));
  return size <= mostShown ? shown : `it takes ${size} bytes to show: propose less at a time`;
}

interface Landing {
  readonly request: Proposing;
  readonly agent: string;
  readonly target: string;
  readonly wish: Wish;
}

async function land(
  world: StewardWorld,
  landing: Landing,
  approved: Approval,
  shown: Proposed,
): Promise<Deed> {
  const { agent, target, wish } = landing;
  const { subject, id } = approved;
  const seen = subject.kind === "request" ? subject.proposal : undefined;
  const other = shown.files.find(({ before }, at) => before !== seen?.files[at]?.before);
  if (other !== undefined)
    return refused(`${other.path}: it changed after this was proposed, so the approval is void`);
  if (seen?.sha256 !== shown.sha256)
    return refused("people saw something else than this: propose it again");
  const record = recordOf(world, landing, approved, seen);
  const change = changeFor(world, { id, agent, kind: "amend" }, [
    { path: recordPath(world.places.proposals, id), after: recordText(record) },
    ...wish.files.map(({ place, content }) => ({ path: pathOf(world, place), after: content })),
  ]);
  const deed = await carried(world, change, target);
  if (deed.status === "done") boundRecords(world.disk, world.places.proposals);
  return deed;
}

function recordOf(
  world: StewardWorld,
  { request, agent, target, wish }: Landing,
  { id, asked, approvals }: Approval,
  { sha256, tested }: Proposed,
): ProposalRecord {
  const files = wish.files.map(({ path, place, before, content }) => ({
    ...{ path, place, before, after: content },
  }));
  return {
    ...{ version: 1, id, agent, target, why: request.why, sha256, tested, files },
    origin: originOf(request),
    ...{ asked, approvals, landed: new Date(world.now()).toISOString(), rolled_back: null },
  };
}

async function carried(world: StewardWorld, change: Change, target: string): Promise<Deed> {
  const result = await carryOut(world, change);
  if (!result.ok) return { ...refused(result.why), status: "failed" };
  return done([words(target), ...result.changes], undoOf(change.id));
}

const words = (target: string): string => `${target} changed, as people approved`;
const undoOf = (id: string): string => `con proposal rollback ${id}`;
