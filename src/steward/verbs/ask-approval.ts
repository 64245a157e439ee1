/**
 * An agent asks whether it may call one tool with these arguments, or spend more on a task. Answered when a
 * person has decided.
 */
import { spendTool } from "../../config/spend.ts";
import { askToSpend } from "../approvals/spend.ts";
import { askForTool } from "../approvals.ts";
import type { Verb } from "../verb.ts";

export const askApproval: Verb<"ask_approval"> = {
  act: async (world, request, by, { id }) =>
    request.tool === spendTool
      ? askToSpend(world, request, by, id)
      : askForTool(world, request, by, id),
};
