/**
 * Asks the steward as this agent's own user. The id of a request follows from task, call and content, so a call that is
 * made again after a crash is the same request. Never: waits for the answer; that is a hold.
 */
import type { StewardRequest } from "../steward/types.ts";
import type { Disk } from "../system/disk.ts";
import { ConError } from "../system/errors.ts";
import { derivedId, timeOfId } from "../task/id.ts";
import type { AskSteward } from "../tools/tool.ts";

/** The steward's code is loaded only where somebody is asked. */
export const createAskSteward =
  (disk: Disk, agent: string, task: string): AskSteward =>
  async (request, callId) => {
    const { submit } = await import("../steward/ask.ts");
    const wanted = derivedId(timeOfId(task), [
      "steward",
      agent,
      task,
      callId,
      JSON.stringify(request),
    ]);
    const whole = { version: 1, incident: null, ...request } as unknown as StewardRequest;
    try {
      const { id } = submit(disk, whole, { id: wanted });
      return { ok: true, id };
    } catch (error) {
      if (!(error instanceof ConError)) throw error;
      return { ok: false, why: `the steward was not asked: ${error.why}` };
    }
  };
