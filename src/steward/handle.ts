/**
 * One entry of the inbox, from looking at it to its end: refused, failed or done, recorded, answered, and
 * only then removed.
 *
 * After a crash anywhere the entry is still there. With an answer it is only removed; without one it is
 * done again, which changes nothing that was done already. Never: throws for what a request contains or
 * asks for; answers an id twice.
 */
import { join } from "node:path";
import { isDiskTrouble } from "../system/disk.ts";
import { createDurably } from "../system/durable.ts";
import { ConError, exit } from "../system/errors.ts";
import { readAnswer } from "./ask.ts";
import { type Entry, putAside, readEntry, type Waiting } from "./entry.ts";
import { fileOf } from "./places.ts";
import { type Requester, refusal } from "./policy.ts";
import type { ParseRequest } from "./request.ts";
import type { StewardAnswer, StewardRequest } from "./types.ts";
import type { Deed } from "./verb.ts";
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
    const why = error instanceof Error ? error.message : String(error);
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
    }
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
  const why = refusal(by, verb);
  if (why !== null) {
    const refused: Deed = { status: "refused", error: why, changes: [], undo: null };
    world.record({ at: stamp(world), event: "refused", id, by: who(by), request, error: why });
    answer(world, id, by, verb, refused);
    world.log.warn("refused a request", { id, uid: by.uid, verb });
    return;
  }
  const deed = await actRecorded(world, id, request, by);
  answer(world, id, by, verb, deed);
  world.log.info("did what was asked", { id, uid: by.uid, verb, status: deed.status });
}

/** Between intent and result stands what was done; an intent alone says that we were cut off there. */
async function actRecorded(
  world: StewardWorld,
  id: string,
  request: StewardRequest,
  by: Requester,
): Promise<Deed> {
  try {
    world.record({ at: stamp(world), event: "begins", id, by: who(by), request });
    const deed = await act(world, request, by);
    world.record({ at: stamp(world), event: "ended", id, by: who(by), ...brief(request, deed) });
    return deed;
  } catch (error) {
    // A full disk must not keep anything running that is to be stopped.
    if (isDiskTrouble(error)) await verbOf(request.verb).withoutDisk?.(world, request);
    throw error;
  }
}

/** A line of the chain has an end; an answer may name every fact of a thousand agents. */
const recordedChanges = 200;

const brief = ({ verb }: StewardRequest, { status, error, changes, undo }: Deed) => ({
  ...{ verb, status, error, undo },
  changes: changes.slice(0, recordedChanges).map((one) => one.slice(0, 500)),
  changes_left_out: Math.max(0, changes.length - recordedChanges),
});

const who = ({ uid, name }: Requester) => ({ uid, name });

/** A fault of the machine or of ours is an answer too, so that it blocks no other request. */
async function act(world: StewardWorld, request: StewardRequest, by: Requester): Promise<Deed> {
  try {
    return await verbOf(request.verb).act(world, request, by);
  } catch (error) {
    if (isForLater(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    world.log.error("a request failed", { verb: request.verb, why });
    return { status: "failed", error: why, changes: [], undo: null };
  }
}

/** Readable through the group or ACL of the outbox. */
const mode = 0o640;

function answer(
  world: StewardWorld,
  id: string,
  by: Requester,
  verb: StewardAnswer["verb"],
  deed: Deed,
): void {
  const whole: StewardAnswer = {
    version: 1,
    id,
    at: stamp(world),
    by: who(by),
    verb,
    ...deed,
  };
  const path = join(world.places.outbox, fileOf(id));
  createDurably(world.disk, path, Buffer.from(`${JSON.stringify(whole)}\n`), mode);
}

const stamp = (world: StewardWorld): string => new Date(world.now()).toISOString();
