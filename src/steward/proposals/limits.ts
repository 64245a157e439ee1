/** How often an agent may ask people to look at a change: one for each target at a time, and few in a day. */
import { lookAll } from "../approvals/look.ts";
import type { StewardRequest } from "../types.ts";
import type { StewardWorld } from "../world.ts";

const dayMs = 24 * 3_600_000;
const maxPerDay = 10;

/** What a request would change; null for one that proposes nothing. */
export function targetOfRequest(request: StewardRequest): string | null {
  if (request.verb === "share_tool") return `tool:${request.tool}`;
  return request.verb === "propose" ? request.target : null;
}

/** Null when another one may be asked. What request `id` itself asked before a crash does not count. */
export function tooOften(
  world: StewardWorld,
  agent: string,
  target: string,
  id: string,
): string | null {
  const own = lookAll(world).flatMap((one) => {
    const { subject } = one;
    const isMeant = one.agent === agent && one.id !== id && subject.kind === "request";
    const proposed = isMeant ? targetOfRequest(subject.request) : null;
    return proposed === null ? [] : [{ ...one, target: proposed }];
  });
  const waits = own.find((one) => one.state === "pending" && one.target === target);
  if (waits !== undefined)
    return `a change of ${target} waits for people already: ${waits.id}: wait until they decided`;
  const recent = own.filter(({ asked }) => world.now() - Date.parse(asked) < dayMs).length;
  if (recent >= maxPerDay)
    return `${agent} proposed ${recent} changes in a day: put the next ones together, tomorrow`;
  return null;
}
