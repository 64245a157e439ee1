/** Ends every halt. Agents that are held on their own stay held, and are named. */
import { holdsNow, inWords, releaseAll } from "../hold.ts";
import { outcome, type Verb } from "../verb.ts";

export const resumeAll: Verb<"resume_all"> = {
  async act(world) {
    const ended = releaseAll(world);
    const { changes, failures } = await world.host.converge({ kinds: ["units"] });
    await world.host.sweep();
    const first =
      ended.length === 0 ? ["nothing was halted"] : ended.map((scope) => `${scope} may run again`);
    const left = [...holdsNow(world).agents].map(([name, hold]) => inWords(name, hold));
    const undo = ended[0] === undefined ? null : `con halt ${ended[0]}`;
    return outcome([...first, ...changes, ...left], undo, failures);
  },
};
