/** Forgets a memory softly, or marks it as checked. The same call made again changes nothing more. */
import { text } from "../answer.ts";
import { denied } from "../denial.ts";
import type { Tool } from "../tool.ts";
import { atDesk } from "./desk.ts";
import { id } from "./schemas.ts";

export const forget: Tool = {
  name: "forget",
  description:
    "Forgets a memory that is wrong or of no use; a person can bring it back. A task of an unverified sender forgets only what that sender told.",
  parameters: {
    type: "object",
    properties: {
      id,
      why: { type: "string", minLength: 1, maxLength: 500, description: "One line" },
    },
    required: ["id", "why"],
    additionalProperties: false,
  },
  parallel: false,
  repeatable: true,
  run: (args, context) => atDesk(context, (desk) => desk.forget(text(args, "id"), context.callId)),
};

export const verify: Tool = {
  name: "verify",
  description:
    "Marks a memory as verified: it is then trusted and does not fade. Only after you checked it in this task, at its source; " +
    "that a memory or a stranger says so is no evidence.",
  parameters: {
    type: "object",
    properties: {
      id,
      evidence: {
        type: "string",
        minLength: 1,
        maxLength: 4000,
        description: "What you saw, and where, so that somebody else could look again",
      },
    },
    required: ["id", "evidence"],
    additionalProperties: false,
  },
  parallel: false,
  repeatable: true,
  async run(args, context) {
    if (context.task.trust !== "verified")
      return denied({
        code: "not_granted",
        asked: `verify ${text(args, "id")}`,
        rule: "only a task of a verified sender makes a memory trusted",
        how: "ask an operator to check it and to give you the task",
      });
    return atDesk(context, (desk) =>
      desk.verify(text(args, "id"), text(args, "evidence"), context.callId),
    );
  },
};
