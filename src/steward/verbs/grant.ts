/**
 * Puts entries into the lists of a manifest's `can`, or takes them out. Takes effect on the next call.
 *
 * What an agent asks for itself is never its own to give: it waits for a person. Never: says done of what
 * the manifest, read anew, does not say.
 */

import type { Agent } from "../../config/types.ts";
import { begunBy, type Change } from "../change.ts";
import { filesNow, manifestOf, manifestPath } from "../edit.ts";
import { type GrantKey, isBelow, partsOf, withGrants, withoutGrants } from "../grants.ts";
import { checkManifest } from "../manifest.ts";
import { quoted } from "../quote.ts";
import { carried, rewrite } from "../rewrite.ts";
import type { GrantLists } from "../types.ts";
import { undoGrants } from "../undo.ts";
import { agentCalled, type Deed, done, isDeed, refused, type Verb } from "../verb.ts";
import type { StewardWorld } from "../world.ts";

const verb: Verb<"grant" | "revoke"> = {
  async act(world, request, by, asked) {
    const begun = begunBy(world, asked.id);
    if (begun !== null) return undoable(world, begun, await carried(world, begun));
    const { agent, can } = request;
    const there = agentCalled(world, agent);
    if (isDeed(there)) return there;
    const old = manifestOf(world, agent);
    if (old === null)
      return refused(`agent ${agent}: it has no manifest any more: con agent remove`);
    const isGrant = request.verb === "grant";
    const edited = isGrant ? withGrants(old, can, world.now()) : withoutGrants(old, can);
    if (!edited.ok) return refused(`agent ${agent}: ${edited.why}`);
    const checked = checkManifest(world.places.configuration, filesNow(world), edited.text ?? old);
    if (!checked.ok) return refused(checked.why);
    const odd = isGrant ? missingIn(checked.agent, can) : leftIn(checked.agent, can);
    if (odd !== null) return refused(`agent ${agent}: ${odd}`);
    if (edited.text === null) return done([], null);
    const deed = await rewrite(world, { request, by, asked }, checked, {
      text: edited.text,
      more: [],
    });
    return undoable(world, { agent, before: old }, deed);
  },
};

export const grant = verb as Verb<"grant">;
export const revoke = verb as Verb<"revoke">;

const entriesIn = (can: GrantLists): (readonly [GrantKey, string])[] =>
  (Object.keys(can) as GrantKey[]).flatMap((key) =>
    (can[key] ?? []).map((entry) => [key, partsOf(entry).text] as const),
  );

const isDirectory = (key: GrantKey): boolean => key === "read" || key === "write";

const holds = (agent: Agent, key: GrantKey, text: string): string | undefined =>
  agent.can[key].find((one) => (isDirectory(key) ? isBelow(text, one) : one === text));

function missingIn(agent: Agent, can: GrantLists): string | null {
  const missing = entriesIn(can).find(([key, text]) => holds(agent, key, text) === undefined);
  if (missing === undefined) return null;
  return `can.${missing[0]} does not get ${quoted(missing[1])} by itself: edit the manifest`;
}

/** What is taken out may still be covered by a wider entry, or stand there as an alias. */
function leftIn(agent: Agent, can: GrantLists): string | null {
  for (const [key, text] of entriesIn(can)) {
    const still = holds(agent, key, text);
    if (still !== undefined)
      return `can.${key} still has ${quoted(still)}, which covers ${quoted(text)}: revoke that`;
  }
  return null;
}

function undoable(
  world: StewardWorld,
  change: Change | { readonly agent: string; readonly before: string },
  deed: Deed,
): Deed {
  const { agent } = change;
  const path = manifestPath(world, agent);
  const before =
    "before" in change ? change.before : change.files.find((one) => one.path === path)?.before;
  const after = manifestOf(world, agent);
  if (deed.status !== "done" || before == null || after === null) return deed;
  return { ...deed, undo: undoGrants(agent, before, after, world.now()) };
}
