/**
 * Asks the steward, and waits for what it answers. For commands and the healthcheck; light on purpose.
 *
 * A request is written and synced under a dot-name, then linked to `ID.json`, so that the steward never
 * sees half of one. When `submit` returns, the request survives a power cut. The same id given again by
 * the same user is the same request: it is done once. Never: waits without bound.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Disk, errnoOf, isDiskTrouble, nodeDisk } from "../system/disk.ts";
import { createDurably, readFile } from "../system/durable.ts";
import { ConError, exit } from "../system/errors.ts";
import { isId, newId } from "../task/id.ts";
import { fileOf, maxAnswerBytes, maxRequestBytes, stewardPlaces } from "./places.ts";
import type { StewardAnswer, StewardRequest } from "./types.ts";

export interface AskPlaces {
  readonly inbox: string;
  readonly outbox: string;
}

export interface SubmitOptions {
  /** Given where repeats must collapse into one request; made fresh otherwise. */
  readonly id?: string;
  readonly places?: AskPlaces;
  readonly now?: () => number;
}

/** Nobody but the steward has to read it. */
const mode = 0o600;

/** Throws `ConError`: 65 too large, 69 no steward, 75 full disk, 77 no right. */
export function submit(
  disk: Disk,
  request: StewardRequest,
  options: SubmitOptions = {},
): { readonly id: string } {
  const { places = stewardPlaces, now = Date.now } = options;
  const bytes = Buffer.from(`${JSON.stringify(request)}\n`);
  if (bytes.length > maxRequestBytes) throw badRequest(`it has ${bytes.length} bytes`);
  if (options.id !== undefined && !isId(options.id)) throw badRequest("its id is none");
  const wanted = [options.id, newId(now(), randomBytes), newId(now(), randomBytes)];
  for (const id of wanted) {
    if (id !== undefined && place(disk, places, id, bytes)) return { id };
  }
  throw new ConError(
    exit.cannotCreate,
    places.inbox,
    "ids are taken as fast as they are made",
    "look who writes there",
  );
}

/** False when somebody else holds that id: his request must not stand for ours. */
function place(disk: Disk, places: AskPlaces, id: string, bytes: Uint8Array): boolean {
  const path = join(places.inbox, fileOf(id));
  const self = process.geteuid?.();
  try {
    const answered = answeredAlready(id, places, disk);
    if (answered !== null) return answered.by.uid === self;
    if (createDurably(disk, path, bytes, mode) === "created") return true;
    const holder = disk.find(path);
    // Gone again: taken up just now, so the next look finds its answer.
    if (holder === null) return place(disk, places, id, bytes);
    return Number(holder.uid) === self;
  } catch (error) {
    throw explain(places.inbox, error);
  }
}

/** An agent may not look into the outbox: the steward knows by itself what it has answered. */
function answeredAlready(id: string, places: AskPlaces, disk: Disk): StewardAnswer | null {
  try {
    return readAnswer(id, places, disk);
  } catch (error) {
    if (error instanceof ConError && error.code === exit.permission) return null;
    throw error;
  }
}

/** The answer, or null where there is none (yet). Throws `ConError` 77 for who may not look. */
export function readAnswer(
  id: string,
  places: Pick<AskPlaces, "outbox"> = stewardPlaces,
  disk: Disk = nodeDisk,
): StewardAnswer | null {
  if (!isId(id)) return null;
  try {
    const bytes = readFile(disk, join(places.outbox, fileOf(id)), maxAnswerBytes);
    return bytes === null ? null : (JSON.parse(Buffer.from(bytes).toString()) as StewardAnswer);
  } catch (error) {
    throw explain(places.outbox, error);
  }
}

export interface AwaitOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly places?: Pick<AskPlaces, "outbox">;
}

const lookEveryMs = 50;

/** Null when the time is over or the signal came; the request stays, and is done later. */
export async function awaitAnswer(
  id: string,
  { timeoutMs, signal, places = stewardPlaces }: AwaitOptions,
): Promise<StewardAnswer | null> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const answer = readAnswer(id, places);
    if (answer !== null) return answer;
    if (signal?.aborted || performance.now() >= end) return null;
    await pause(lookEveryMs);
  }
}

const badRequest = (why: string): ConError =>
  new ConError(exit.badInput, "request to the steward", why, "see con help agent");

function explain(directory: string, error: unknown): unknown {
  const code = errnoOf(error);
  if (code === null) return error;
  const cause = { cause: error };
  const what = "the steward cannot be asked";
  if (isDiskTrouble(error))
    return new ConError(exit.tryLater, what, code, "free space or mend the disk", cause);
  if (code === "EACCES" || code === "EPERM") {
    const why = "only root and members of group trusted may ask it";
    const remedy = "use sudo, or join the group (usermod -aG trusted USER) and log in anew";
    return new ConError(exit.permission, what, why, remedy, cause);
  }
  const why = code === "ENOENT" ? `there is no ${directory}` : `${directory}: ${code}`;
  return new ConError(exit.unavailable, what, why, "run con bootstrap as root", cause);
}
