/**
 * Asks the steward as this agent's own user. The id of a request follows from task, call and content, so a call that is
 * made again after a crash is the same request. That the call waits is noted before: an answer that comes while
 * nobody waits is never used (task/trust.ts). Never: waits for the answer; that is a hold.
 */
import { expectAnswers } from "../spool/held.ts";
import type { AgentPaths } from "../spool/layout.ts";
import type { DeliverWorld } from "../spool/world.ts";
import type { StewardRequest } from "../steward/types.ts";
import { ConError } from "../system/errors.ts";
import { derivedId, timeOfId } from "../task/id.ts";
import type { AskSteward } from "../tools/desks.ts";

export interface AskingWorld extends Pick<DeliverWorld, "disk" | "now"> {
  readonly paths: AgentPaths;
  readonly agent: { readonly name: string };
}

/** The steward's code is loaded only where somebody is asked. */
export const createAskSteward =
  (world: AskingWorld, task: string): AskSteward =>
  async (request, callId, wait) => {
    const { submit } = await import("../steward/ask.ts");
    const id = derivedId(timeOfId(task), [
      "steward",
      world.agent.name,
      task,
      callId,
      // Made again it would end later, and is the same wish.
      JSON.stringify({ ...request, deadline: undefined }),
    ]);
    const whole = { version: 1, incident: null, ...request } as unknown as StewardRequest;
    if (wait !== undefined) {
      const { until, why, also = [] } = wait;
      const hold = { call: callId, waitFor: [id, ...also], until, why };
      expectAnswers(world, world.paths, task, hold);
    }
    try {
      return { ok: true, id: submit(world.disk, whole, { id }).id };
    } catch (error) {
      if (!(error instanceof ConError)) throw error;
      return { ok: false, why: `the steward was not asked: ${error.why}` };
    }
  };
