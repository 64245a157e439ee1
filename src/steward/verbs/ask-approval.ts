/** An agent asks whether it may call one tool with these arguments. Answered when a person has decided. */
import { askForTool } from "../approvals.ts";
import type { Verb } from "../verb.ts";

export const askApproval: Verb<"ask_approval"> = {
  act: async (world, request, by, { id }) => askForTool(world, request, by, id),
};
