/** Another manifest for an agent that is there. Within the asker's ceiling, or a person's consent. */

import { begunBy } from "../change.ts";
import { filesNow, instructionsPath } from "../edit.ts";
import { checkManifest } from "../manifest.ts";
import { carried, rewrite } from "../rewrite.ts";
import { refused, type Verb } from "../verb.ts";

export const amend: Verb<"amend"> = {
  async act(world, request, by, asked) {
    const begun = begunBy(world, asked.id);
    if (begun !== null) return carried(world, begun);
    const { agent, manifest, instructions } = request;
    const checked = checkManifest(world.places.configuration, filesNow(world), manifest);
    if (!checked.ok) return refused(checked.why);
    if (checked.agent.name !== agent)
      return refused(
        `agent ${agent}: the manifest is of ${checked.agent.name}: names do not change`,
      );
    const more =
      instructions === undefined
        ? []
        : [{ path: instructionsPath(world, agent), after: instructions }];
    return rewrite(world, { request, by, asked }, checked, { text: manifest, more });
  },
};
