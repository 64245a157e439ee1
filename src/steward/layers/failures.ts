/** Why the latest try to have a package came to nothing, for people and for whoever waits for it. */
import { replaceDurably } from "../../system/durable.ts";
import { failureFile, type LayerName } from "../../system/layers/names.ts";
import { type LayerFailure, readFailure } from "../../system/layers/record.ts";
import type { StewardWorld } from "../world.ts";

/** A registry that fails is not asked without end, whatever agents want. */
const pauseMs = 10 * 60_000;
/** Who asked before waits no more. */
const mostRequests = 200;

export function noteFailure(
  world: StewardWorld,
  { language, package: name }: LayerName,
  requests: readonly string[],
  why: string,
): void {
  const at = new Date(world.now()).toISOString();
  keep(world, { version: 1, language, package: name, requests, at, why });
}

/** Then that request has failed with it, durably. */
export function failedJustNow(world: StewardWorld, of: LayerName, id: string): boolean {
  const { directory } = world.layers;
  const last = readFailure(world.disk, directory, of);
  const age = world.now() - Date.parse(last?.at ?? "");
  // A clock that was set back, or a time that is none, is no reason to wait.
  if (last === null || !(age >= 0 && age < pauseMs)) return false;
  if (!last.requests.includes(id)) keep(world, { ...last, requests: [...last.requests, id] });
  return true;
}

function keep({ disk, layers }: StewardWorld, failure: LayerFailure): void {
  const whole = { ...failure, requests: failure.requests.slice(-mostRequests) };
  const path = failureFile(layers.directory, failure);
  replaceDurably(disk, path, Buffer.from(`${JSON.stringify(whole)}\n`), 0o644);
}
