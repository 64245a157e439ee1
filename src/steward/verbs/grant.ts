/** Puts entries into the lists of a manifest's `can`, or takes them out. Takes effect on the next call. */

import { begunBy } from "../change.ts";
import { filesNow, manifestOf } from "../edit.ts";
import { checkManifest, withGrants } from "../manifest.ts";
import { carried, rewrite } from "../rewrite.ts";
import { agentCalled, done, isDeed, refused, type Verb } from "../verb.ts";

const verb: Verb<"grant" | "revoke"> = {
  async act(world, request, by, asked) {
    const begun = begunBy(world, asked.id);
    if (begun !== null) return carried(world, begun);
    const { agent, can } = request;
    const there = agentCalled(world, agent);
    if (isDeed(there)) return there;
    const old = manifestOf(world, agent);
    if (old === null)
      return refused(`agent ${agent}: it has no manifest any more: con agent remove`);
    const text = withGrants(old, can, request.verb);
    if (text === null) return done([], null);
    const checked = checkManifest(world.places.configuration, filesNow(world), text);
    if (!checked.ok) return refused(checked.why);
    return rewrite(world, { request, by, asked }, checked, { text, more: [] });
  },
};

export const grant = verb as Verb<"grant">;
export const revoke = verb as Verb<"revoke">;
