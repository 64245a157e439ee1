/**
 * One entry of the inbox, from looking at it to its end: refused, failed or done, recorded, answered, and
 * only then removed.
 *
 * After a crash anywhere the entry is still there. With an answer it is only removed; without one it is
 * done again, which changes nothing that was done already. Never: throws for what a request contains or
 * asks for; answers an id twice.
 */
import { isDiskTrouble } from "../system/disk.ts";
import { ConError, exit, reasonOf } from "../system/errors.ts";
import { writeAnswer } from "./answer.ts";
import { verdictOf } from "./approvals/decide.ts";
import { allowSpending } from "./approvals/spend.ts";
import type { Approval } from "./approvals/types.ts";
import { holdListed } from "./approvals.ts";
import { readAnswer } from "./ask.ts";
import { refusalOf } from "./authority.ts";
import { type Entry, putAside, readEntry, type Waiting } from "./entry.ts";
import type { Requester } from "./policy.ts";
import { brief, recorded, who } from "./recorded.ts";
import { replyToAgent } from "./reply.ts";
import type { ParseRequest } from "./request.ts";
import type { StewardAnswer, StewardRequest } from "./types.ts";
import { type Asked, type Deed, done, type Ended, refused } from "./verb.ts";
import { verbOf } from "./verbs/table.ts";
import type { StewardWorld } from "./world.ts";

/** `later`: it stays where it is, because disk or lock did not allow more now. */
export type End = "finished" | "later";

export async function handle(
  world: StewardWorld,
  parse: ParseRequest,
  waiting: Waiting,
): Promise<End> {
  try {
    return await handleEntry(world, parse, waiting);
  } catch (error) {
    // Whatever it is: the others must not wait for it.
    const why = reasonOf(error);
    world.log.error("a request waits until it can be done", { name: waiting.name, why });
    return "later";
  }
}

const isForLater = (error: unknown): boolean =>
  isDiskTrouble(error) || (error instanceof ConError && error.code === exit.tryLater);

async function handleEntry(
  world: StewardWorld,
  parse: ParseRequest,
  waiting: Waiting,
): Promise<End> {
  const entry = readEntry(world, waiting.name);
  if (entry.kind === "gone") return "finished";
  const { id } = waiting;
  if (id === null) return refuseEntry(world, waiting, entry, "its name is no id");
  if (entry.kind === "odd") return refuseEntry(world, waiting, entry, entry.why);
  try {
    const by = world.requester(entry.uid);
    const answered = readAnswer(id, world.places, world.disk);
    if (answered !== null && answered.by.uid !== by.uid)
      return refuseEntry(world, { ...waiting, id: null }, entry, "its id is somebody else's");
    if (answered === null) {
      const parsed = parse(entry.bytes);
      if (!parsed.ok) return refuseEntry(world, waiting, entry, parsed.why);
      await perform(world, id, parsed.request, by);
    } else replyToAgent(world, answered);
    entry.finish();
    return "finished";
  } finally {
    entry.release();
  }
}

/** What is no request is kept aside; its owner is told, where it has one and a name for the answer. */
function refuseEntry(world: StewardWorld, waiting: Waiting, entry: Entry, why: string): End {
  const uid = entry.kind === "gone" ? null : entry.uid;
  const by = uid === null ? null : world.requester(uid);
  world.record({
    at: stamp(world),
    event: "unreadable",
    name: waiting.name,
    by: by && who(by),
    why,
  });
  const { id } = waiting;
  if (id !== null && by !== null) {
    const error = `the request: ${why}: ask by con agent, con halt or con resume`;
    answer(world, id, by, null, { status: "refused", error, changes: [], undo: null });
  }
  const kept = putAside(world, waiting.name);
  world.log.warn("an entry of the inbox is no request", { name: waiting.name, uid, why, kept });
  return "finished";
}

async function perform(
  world: StewardWorld,
  id: string,
  request: StewardRequest,
  by: Requester,
): Promise<void> {
  const { verb } = request;
  const why = refusalOf(world, by, request);
  if (why !== null) {
    world.record({
      at: stamp(world),
      event: "refused",
      id,
      by: who(by),
      request: recorded(request),
      error: why,
    });
    answer(world, id, by, verb, refused(why));
    world.log.warn("refused a request", { id, uid: by.uid, verb });
    return;
  }
  const deed = await actRecorded(world, request, by, askedOf(world, id));
  if (isEnd(deed)) answer(world, id, by, verb, deed);
  world.log.info("did what was asked", { id, uid: by.uid, verb, status: deed.status });
}

const askedOf = (world: StewardWorld, id: string, approved: Approval | null = null): Asked => ({
  id,
  approved,
  perform: (approval) => conclude(world, approval),
});

/** What is held is answered when people have decided, or temporary agents have ended. */
const isEnd = (deed: Deed): deed is Ended => deed.status !== "held";

/** People have decided: a request that they approved is done now, as what it was when they saw it. */
async function conclude(world: StewardWorld, approval: Approval): Promise<Deed> {
  const { id, subject, state } = approval;
  const by = world.requester(approval.by.uid);
  // The uid of a temporary agent is another's later: that one did not ask, and is told nothing.
  if (by.name !== approval.by.name) return refused(`${approval.by.name} is not there any more`);
  const isRequest = subject.kind === "request";
  const verb = isRequest ? subject.verb : "ask_approval";
  const asked = askedOf(world, id, approval);
  const deed =
    isRequest && state === "approved"
      ? await actRecorded(world, subject.request, by, asked)
      : await deedOf(world, approval);
  if (isEnd(deed)) answer(world, id, by, verb, deed);
  return deed;
}

async function deedOf(world: StewardWorld, approval: Approval): Promise<Deed> {
  const { subject, state } = approval;
  const verdict = verdictOf(approval);
  if (state !== "approved") return refused(verdict);
  return subject.kind === "spend" ? allowSpending(world, subject, verdict) : done([verdict], null);
}

/** Between intent and result stands what was done; an intent alone says that we were cut off there. */
async function actRecorded(
  world: StewardWorld,
  request: StewardRequest,
  by: Requester,
  asked: Asked,
): Promise<Deed> {
  const { id } = asked;
  try {
    world.record({
      at: stamp(world),
      event: "begins",
      id,
      by: who(by),
      request: recorded(request),
    });
    const deed = await act(world, request, by, asked);
    world.record({ at: stamp(world), event: "ended", id, by: who(by), ...brief(request, deed) });
    return deed;
  } catch (error) {
    // A full disk must not keep anything running that is to be stopped.
    if (isDiskTrouble(error)) await verbOf(request.verb).withoutDisk?.(world, request);
    throw error;
  }
}

/** A fault of the machine or of ours is an answer too, so that it blocks no other request. */
async function act(
  world: StewardWorld,
  request: StewardRequest,
  by: Requester,
  asked: Asked,
): Promise<Deed> {
  try {
    const held = asked.approved === null ? holdListed(world, request, by, asked.id) : null;
    return held ?? (await verbOf(request.verb).act(world, request, by, asked));
  } catch (error) {
    if (isForLater(error)) throw error;
    const why = reasonOf(error);
    world.log.error("a request failed", { verb: request.verb, why });
    return { status: "failed", error: why, changes: [], undo: null };
  }
}

function answer(
  world: StewardWorld,
  id: string,
  by: Requester,
  verb: StewardAnswer["verb"],
  deed: Ended,
): void {
  const whole: StewardAnswer = {
    version: 1,
    id,
    at: stamp(world),
    by: who(by),
    verb,
    ...deed,
  };
  writeAnswer(world, whole);
  replyToAgent(world, whole);
}

const stamp = (world: StewardWorld): string => new Date(world.now()).toISOString();
