/**
 * Brings packages that are being fetched one step further: has the installer begin, or looks at what it brought and
 * answers all who asked. Waits for nothing that the installer does; its end wakes the steward (units/con-layer@.service).
 *
 * A record of what was asked (orders.ts) goes last, when all are answered: a steward that is killed anywhere does the same
 * step again. Never: two at once, more than one long step before requests are looked for again, or a step that is begun
 * for ever: what the steward dies of three times has failed.
 */
import { join } from "node:path";
import { type Laid, layDown } from "../../host/layers/lay.ts";
import { reasonOf } from "../../system/errors.ts";
import { layerKey, partPrefix } from "../../system/layers/names.ts";
import { writeAnswer } from "../answer.ts";
import { brief } from "../recorded.ts";
import { replyToAgent } from "../reply.ts";
import type { StewardAnswer } from "../types.ts";
import type { Ended } from "../verb.ts";
import type { StewardWorld } from "../world.ts";
import { noteFailure } from "./failures.ts";
import { failedOf, type Listed, laidOf, listedNow, orderFor, wholeLayer } from "./look.ts";
import { type Asked, type Asker, listAsked, removeAsked, writeAsked } from "./orders.ts";

/** `moved`: there may be more to do. `later`: disk or PID 1 did not allow it now. */
export type Advanced = "finished" | "moved" | "later";

const mostLooks = 3;

export async function advanceLayers(world: StewardWorld): Promise<Advanced> {
  try {
    const [first] = listAsked(world);
    return first === undefined ? "finished" : await step(world, first);
  } catch (error) {
    // Whatever it is: requests must not wait for it.
    const why = reasonOf(error);
    world.log.error("packages wait until they can be looked at", { why });
    return "later";
  }
}

async function step(world: StewardWorld, asked: Asked): Promise<Advanced> {
  const { installer } = world.layers;
  const listed = listedNow(world, asked);
  if (!listed.ok) return conclude(world, asked, () => listed.deed);
  const state = await installer.stateOf(asked);
  if (state === "at work") return "finished";
  // By a steward that was killed before it had answered all.
  const there = wholeLayer(world, listed.entry);
  if (there !== null) return conclude(world, asked, () => laidOf(there));
  if (state === "ended") return look(world, asked, listed);
  const why = await installer.begin(orderFor(world, listed));
  return why === null ? "finished" : fail(world, asked, why);
}

async function look(
  world: StewardWorld,
  asked: Asked,
  listed: Extract<Listed, { ok: true }>,
): Promise<Advanced> {
  if (asked.looks >= mostLooks)
    return fail(world, asked, `con was cut off ${mostLooks} times while it looked at it`);
  writeAsked(world, { ...asked, looks: asked.looks + 1 });
  const laid = await taken(world, listed);
  return laid.ok ? conclude(world, asked, () => laidOf(laid.record)) : fail(world, asked, laid.why);
}

async function taken(
  { disk, now, layers }: StewardWorld,
  { entry }: Extract<Listed, { ok: true }>,
): Promise<Laid> {
  try {
    const brought = await layers.installer.take(entry, (read) =>
      layDown({ ...layers, disk, now }, entry, read),
    );
    return brought.ok ? brought.value : brought;
  } catch (error) {
    // A full disk too: what filled it goes, and nobody else has to wait until there is room for it.
    layers.removeTree(join(layers.directory, `${partPrefix}${layerKey(entry)}`));
    return { ok: false, why: reasonOf(error) };
  }
}

function fail(world: StewardWorld, asked: Asked, why: string): Promise<Advanced> {
  const requests = asked.askers.map(({ id }) => id);
  noteFailure(world, asked, requests, why);
  return conclude(world, asked, ({ isAgent }) => failedOf(asked, isAgent, why));
}

async function conclude(
  world: StewardWorld,
  asked: Asked,
  deedFor: (asker: Asker) => Ended,
): Promise<Advanced> {
  for (const asker of asked.askers) tell(world, asker, deedFor(asker));
  await world.layers.installer.clear();
  removeAsked(world, asked);
  return "moved";
}

function tell(world: StewardWorld, { id, uid, name }: Asker, deed: Ended): void {
  const [by, at] = [{ uid, name }, new Date(world.now()).toISOString()];
  const verb = "install_layer";
  world.record({ at, event: "ended", id, by, ...brief({ verb }, deed) });
  const answer: StewardAnswer = { version: 1, id, at, by, verb, ...deed };
  writeAnswer(world, answer);
  // Of an agent that was retired meanwhile: whoever has its uid now did not ask.
  if (world.requester(uid).name === name) replyToAgent(world, answer);
  world.log.info("did what was asked", { id, uid, verb, status: deed.status });
}
