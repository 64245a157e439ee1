/**
 * Claims one task: copies it out of the sender's reach, then removes the original.
 *
 * The copy in `queue/active` is durable before the original goes, so a crash leaves both, and the
 * next claim knows the id and drops the original. Never: trusts a sender's inode, a name, or what a
 * file says about its sender. On a full disk: throws, and the original stays where it is.
 */
import { decodeTask, maxTaskBytes, needsYaml, requestOf } from "../task/codec.ts";
import { type FileFacts, idForDrop, isId } from "../task/id.ts";
import { lingerMs } from "../task/retry.ts";
import type { Origin, Request, Task } from "../task/task.ts";
import { admit, isStewardAnswer, trustOf } from "../task/trust.ts";
import { wasCreatedHere } from "./arrival.ts";
import { keepCorrupt, setAside } from "./aside.ts";
import { type Read, readEntry, unlinkSame } from "./entry.ts";
import { whyTooOld } from "./forgotten.ts";
import { earlierSender, pathIn } from "./known.ts";
import { type Queued, storeQueued } from "./queued.ts";
import type { Candidate } from "./scan.ts";
import { wasSent } from "./sent.ts";
import type { Post, SpoolWorld } from "./world.ts";

export type Claimed =
  | ({ readonly kind: "task" } & Queued)
  /** Reported and out of the way. */
  | { readonly kind: "malformed" | "refused"; readonly id: string; readonly why: string }
  | { readonly kind: "duplicate"; readonly id: string }
  /** Somebody still writes it, or it cannot be read yet. `inode` names it for setting aside. */
  | { readonly kind: "notYet"; readonly inode: bigint }
  | { readonly kind: "gone" };

/** Throws only for trouble with our own disk (`isDiskTrouble`) or a bug. */
export async function claim(world: SpoolWorld, post: Post, candidate: Candidate): Promise<Claimed> {
  const entry = await readEntry(world, candidate.path);
  switch (entry.kind) {
    case "gone":
      return entry;
    case "growing":
      return { kind: "notYet", inode: entry.facts.ino };
    case "closed":
      return claimClosed(world, post, candidate, entry.facts);
    case "odd":
      return claimOdd(world, post, candidate, entry.facts, entry.why);
    case "whole":
      try {
        return await claimWhole(world, post, candidate, entry);
      } finally {
        entry.release();
      }
  }
}

function claimClosed(
  world: SpoolWorld,
  post: Post,
  candidate: Candidate,
  facts: FileFacts,
): Claimed {
  const age = world.now() - Number(facts.ctimeNs / 1_000_000n);
  if (age < lingerMs) return { kind: "notYet", inode: facts.ino };
  return claimOdd(world, post, candidate, facts, "this agent has no right to read it");
}

function claimOdd(
  world: SpoolWorld,
  post: Post,
  candidate: Candidate,
  facts: FileFacts,
  why: string,
): Claimed {
  const id = idForDrop(candidate.base, facts);
  // Only a plain file that was read can speak for its owner.
  const origin: Origin = { ...originOf(world, post, candidate, facts), trust: "unverified" };
  setAside(world, post, candidate, { ...origin, id, request: requestOf("") }, why);
  return { kind: "malformed", id, why };
}

async function claimWhole(
  world: SpoolWorld,
  post: Post,
  candidate: Candidate,
  entry: Read,
): Promise<Claimed> {
  const { bytes, facts } = entry;
  const identity = identify(world, post, candidate, entry);
  if (identity.known) {
    unlinkSame(world.disk, candidate.path, facts);
    world.log.info("dropped a duplicate task", { id: identity.id });
    return { kind: "duplicate", id: identity.id };
  }
  const { id } = identity;
  const origin = originOf(world, post, candidate, facts);
  const parseYaml = needsYaml(bytes) ? await world.loadYaml() : null;
  const decoded = decodeTask(bytes, { maxBytes: maxTaskBytes, parseYaml });
  if (!decoded.ok) {
    const task = { ...origin, id, request: requestOf("") };
    keepCorrupt(world, post, candidate, task, decoded.why, entry);
    return { kind: "malformed", id, why: decoded.why };
  }
  const { request } = decoded;
  const task: Task = { ...origin, ...lessTrusted({ ...origin, request }), id, request };
  const stale = staleness(world, post, task, facts);
  if (stale !== null) {
    keepCorrupt(world, post, candidate, task, stale, entry);
    return { kind: "refused", id, why: stale };
  }
  const admission = admit({ ...task.from, trust: task.trust }, post, askedOf(world, post, request));
  if (!admission.ok) {
    keepCorrupt(world, post, candidate, task, admission.why, entry);
    return { kind: "refused", id, why: admission.why };
  }
  return { kind: "task", ...take(world, post, candidate, task, entry) };
}

/** The id of what was read; a stranger who reuses somebody's id gets one of his own. */
function identify(
  world: SpoolWorld,
  post: Post,
  candidate: Candidate,
  entry: { readonly facts: FileFacts; readonly marked: boolean },
): { readonly id: string; readonly known: boolean } {
  const { base } = candidate;
  const dropped = idForDrop(base, entry.facts);
  const id = entry.marked && isId(base) ? base : dropped;
  const earlier = earlierSender(world.disk, post.paths, id);
  if (earlier === null) return { id, known: false };
  if (earlier === Number(entry.facts.uid)) return { id, known: true };
  world.log.warn("a task id of another sender was reused", { id, uid: Number(entry.facts.uid) });
  return { id: dropped, known: earlierSender(world.disk, post.paths, dropped) !== null };
}

function originOf(world: SpoolWorld, post: Post, candidate: Candidate, facts: FileFacts): Origin {
  const uid = Number(facts.uid);
  const createdHere = wasCreatedHere(world.disk, candidate.path, facts.gid);
  return {
    from: world.senderOf(uid),
    trust: trustOf(uid, post.trustedUids, createdHere),
    ...(createdHere ? {} : { moved: true }),
    receivedAt: new Date(Number(facts.ctimeNs / 1_000_000n)).toISOString(),
    size: Number(facts.size),
  };
}

/** Only a verified task is worth to be sent twice by somebody else than its sender. */
const staleness = (
  world: SpoolWorld,
  post: Post,
  { id, trust }: Task,
  { mtimeNs }: Read["facts"],
): string | null =>
  trust === "verified" ? whyTooOld(world.disk, post.paths, { id, mtimeNs }) : null;

/** What the text says may take trust away, and never gives any. */
const lessTrusted = (task: Pick<Task, "from" | "request">): Partial<Pick<Task, "trust">> =>
  isStewardAnswer(task) ? { trust: "unverified" } : {};

const askedOf = (world: SpoolWorld, post: Post, request: Request): string | null =>
  request.replyTo === null ? null : wasSent(world.disk, post.paths, request.replyTo);

function take(
  world: SpoolWorld,
  post: Post,
  candidate: Candidate,
  task: Task,
  entry: { readonly bytes: Uint8Array; readonly facts: FileFacts },
): Queued {
  const claimedAt = storeQueued(world, pathIn(post.paths, "active", task.id), task, entry.bytes);
  unlinkSame(world.disk, candidate.path, entry.facts);
  world.told?.({ state: "claimed", task });
  return { task: { ...task, size: entry.bytes.length }, claimedAt };
}
