/**
 * Takes up every request there is, oldest first, and ends. con-steward.path wakes it as long as one waits.
 *
 * Never: leaves behind a name that would wake it again at once, unless disk or lock say "later": then it
 * ends with 75 and PID 1 waits ever longer before the next try.
 */
import { join } from "node:path";
import { errnoOf } from "../system/disk.ts";
import { isTemporaryName } from "../system/durable.ts";
import { ConError, type ExitCode, exit } from "../system/errors.ts";
import { finishAbandoned } from "./change.ts";
import { reap } from "./children/reap.ts";
import { listWaiting, type Waiting } from "./entry.ts";
import { handle } from "./handle.ts";
import { type Advanced, advanceLayers } from "./layers/advance.ts";
import { createParser, type ParseRequest } from "./request.ts";
import type { StewardWorld } from "./world.ts";

/** `parse` costs a schema's compilation. */
export async function serve(
  world: StewardWorld,
  parse: ParseRequest = createParser(),
): Promise<ExitCode> {
  const later = new Set<string>();
  const waiting = new Set(look(world).map(({ id }) => id));
  await finishAbandoned(world, (id) => waiting.has(id));
  let reaped = await reap(world);
  let layers: Advanced = "finished";
  for (;;) {
    const waiting = next(look(world).filter(({ name }) => !later.has(name)));
    for (const one of waiting) {
      if ((await handle(world, parse, one)) === "later") later.add(one.name);
      // What it asked for, and what it ended: a parent that is cut off takes its temporary agents with it.
      reaped = await reap(world);
    }
    // To look at a package takes seconds: whoever stops something comes first.
    if (waiting.some(({ ofAgent }) => !ofAgent)) continue;
    layers = await advanceLayers(world);
    if (waiting.length === 0 && layers !== "moved") break;
  }
  if (later.size > 0 || reaped === "later" || layers === "later") return exit.tryLater;
  tidy(world);
  return exit.ok;
}

/** Of agents, before people are looked for again: a flood must not keep anybody from stopping it. */
const agentsAtOnce = 8;

function next(waiting: readonly Waiting[]): Waiting[] {
  const people = waiting.filter(({ ofAgent }) => !ofAgent);
  return people.length > 0 ? people : waiting.slice(0, agentsAtOnce);
}

function look(world: StewardWorld): Waiting[] {
  try {
    return listWaiting(world);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    const why = `there is no ${world.places.inbox}`;
    throw new ConError(exit.unavailable, "con steward", why, "run con bootstrap as root");
  }
}

const hourMs = 3_600_000;
/** A sender that was cut off does not come back after that. */
const temporaryMs = 36 * hourMs;
/** What was done stays in the chain of actions. */
const answerMs = 30 * 24 * hourMs;

/** Removes what nobody will ask for any more. */
function tidy(world: StewardWorld): void {
  const { inbox, outbox, holds, approvals } = world.places;
  for (const directory of [inbox, outbox, holds, approvals])
    removeOld(world, directory, temporaryMs, isTemporaryName);
  // Nobody has that long to approve anything.
  for (const directory of [outbox, approvals]) removeOld(world, directory, answerMs, () => true);
}

function removeOld(
  { disk, now }: StewardWorld,
  directory: string,
  ageMs: number,
  isMeant: (name: string) => boolean,
): void {
  for (const name of disk.list(directory).filter(isMeant)) {
    const found = disk.find(join(directory, name));
    if (found === null || !found.isFile() || now() - Number(found.ctimeMs) < ageMs) continue;
    try {
      disk.unlink(join(directory, name));
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  }
}
