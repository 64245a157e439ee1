/**
 * Delivers tasks: the one way into an inbox. When `deliver` returns, the task survives a power cut.
 *
 * A dot-name is written and synced, then linked to `ID.task`: link(2) refuses an existing name where
 * rename(2) would overwrite. Never: overwrites, or reports success early. After a crash: nothing,
 * or the task, at worst with a dot-name beside it that the agent sweeps after 36 h. A sender that
 * slept longer finds its dot-name gone and reports failure.
 */
import { constants } from "node:fs";
import { dirname, join } from "node:path";
import { type Disk, errnoOf, isDiskTrouble } from "../system/disk.ts";
import { createDurably, syncDirectory, writeAll } from "../system/durable.ts";
import { ConError, exit } from "../system/errors.ts";
import { encodeTask, maxTaskBytes } from "../task/codec.ts";
import { newId, safePrefix } from "../task/id.ts";
import type { Request } from "../task/task.ts";
import type { DeliverWorld } from "./world.ts";

export interface DeliverOptions {
  /** Given where repeats must collapse into one task; made fresh otherwise. */
  readonly id?: string;
  /** Becomes the readable beginning of a fresh id. */
  readonly name?: string;
  /** FIFO to ring afterwards. */
  readonly bell?: string | null;
}

/** The receiver's group reads it; nobody else. */
const mode = 0o640;

/** Commits `request` to `inbox`. Throws `ConError`: 65 too large, 73, 75 full disk, 77 no right. */
export function deliver(
  world: DeliverWorld,
  inbox: string,
  request: Request,
  options: DeliverOptions = {},
): { readonly id: string } {
  const bytes = encodeTask(request, { endMarker: true });
  if (bytes.length > maxTaskBytes) throw tooLarge(bytes.length);
  const id = options.id ?? freshId(world, options.name);
  const committed = commit(world, inbox, id, bytes)
    ? id
    : commitFresh(world, inbox, options, bytes);
  if (options.bell !== undefined && options.bell !== null) ring(world.disk, options.bell);
  return { id: committed };
}

/** An id for a task that is not yet sent, with a readable beginning where one is given. */
export function freshId(world: DeliverWorld, name?: string): string {
  const id = newId(world.now(), world.randomBytes);
  return name === undefined ? id : `${safePrefix(name)}-${id}`;
}

/** False when somebody else holds that name. */
function commit(world: DeliverWorld, inbox: string, id: string, bytes: Uint8Array): boolean {
  const path = join(inbox, `${id}.task`);
  try {
    for (let tries = 0; tries < 3; tries += 1) {
      if (createDurably(world.disk, path, bytes, mode) === "created") return true;
      const holder = world.disk.find(path);
      // Gone again: claimed just now. Delivered once more, a repeat is known by its id and dropped.
      // Our own file is a repeat, and done once its name is on disk; a stranger's is squatting.
      if (holder === null) continue;
      const isOurs = Number(holder.uid) === process.geteuid?.();
      if (isOurs) syncDirectory(world.disk, inbox);
      return isOurs;
    }
    return false;
  } catch (error) {
    throw explain(inbox, error);
  }
}

function commitFresh(
  world: DeliverWorld,
  inbox: string,
  options: DeliverOptions,
  bytes: Uint8Array,
): string {
  const id = freshId(world, options.name);
  if (commit(world, inbox, id, bytes)) return id;
  throw new ConError(
    exit.cannotCreate,
    inbox,
    "task ids are taken as fast as they are made",
    "look who writes there",
  );
}

/** One byte, never waiting: without a reader there is nobody to wake, and the sweep finds the task. */
function ring(disk: Disk, bell: string): void {
  try {
    const fd = disk.open(bell, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    try {
      writeAll(disk, fd, Buffer.from("\n"));
    } finally {
      disk.close(fd);
    }
  } catch (error) {
    const harmless = ["ENXIO", "ENOENT", "EAGAIN", "EPIPE", "EACCES"];
    if (!harmless.includes(errnoOf(error) ?? "")) throw error;
  }
}

function tooLarge(bytes: number): ConError {
  const why = `${bytes} bytes are more than ${maxTaskBytes}`;
  return new ConError(exit.badInput, "task", why, "put the text into a file and name its path");
}

function explain(inbox: string, error: unknown): unknown {
  const code = errnoOf(error);
  if (code === null) return error;
  const what = `cannot deliver to ${inbox}`;
  const cause = { cause: error };
  if (isDiskTrouble(error)) {
    return new ConError(
      exit.tryLater,
      what,
      code,
      "free space or mend the disk, then try again",
      cause,
    );
  }
  if (code === "EACCES" || code === "EPERM") {
    const remedy = `ask for a grant to task ${agentOf(inbox)}, or run it as a member of group trusted`;
    return new ConError(exit.permission, what, "this user may not write there", remedy, cause);
  }
  const why = code === "ENOENT" ? "there is no such inbox" : code;
  return new ConError(exit.cannotCreate, what, why, "see `con status` for the agents", cause);
}

/** `…/agents/NAME/inbox` is NAME's; the outer inbox is the front desk's. */
function agentOf(inbox: string): string {
  const [folder, name] = dirname(inbox).split("/").slice(-2);
  return folder === "agents" && name !== undefined ? name : "the front desk";
}
