/** Brings back what drifted from what the latest bootstrap promised; holds stay. */
import { outcome, type Verb } from "../verb.ts";

export const reapply: Verb<"reapply"> = {
  async act(world, { facts }) {
    const { changes, failures } = await world.host.converge(
      facts.length === 0 ? {} : { kinds: facts },
    );
    return outcome(changes, null, failures);
  },
};
