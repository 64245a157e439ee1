/**
 * Proposes a change of the agent's own instructions, of a skill of its own, or of a contract about itself. The steward tries it, people see the
 * difference and decide, and the task waits until then.
 *
 * Never: changes anything itself, or says of its own task less than it knows: people are told what it has read.
 */
import { textOr } from "./answer.ts";
import { ask, oneLine, originOf } from "./steward.ts";
import type { Tool } from "./tool.ts";

const body = { type: "string", maxLength: 65_536 } as const;

export const proposeChange: Tool = {
  name: "propose_change",
  description:
    "Proposes a lasting change of your own instructions, of a skill of your own (new ones too), or of a contract that " +
    "watches you. A person sees the " +
    "difference and decides; your task waits at no cost, and tasks after that work with it. For what you learned that " +
    "will hold again, not for this one task. The result begins with done, refused or failed.",
  parameters: {
    type: "object",
    properties: {
      target: {
        type: "string",
        pattern: "^(instructions|(skill|contract):[a-z0-9-]{1,64})$",
        description: "instructions, skill:NAME or contract:NAME",
      },
      files: {
        type: "array",
        minItems: 1,
        maxItems: 20,
        description:
          "For instructions one file, AGENTS.md: your own part of them, which you extend by append. For a skill " +
          "SKILL.md (---, name:, description:, ---, then how it is done), scripts/x.sh, references/x.md. For a contract contract.yaml: id own.YOU.NAME, scope agent:YOU, checks of " +
          "queue_age, runner_stuck, poison_waiting, outbox_complete or memory_whole, on_fail alert. Each file has " +
          "content (the whole text), or old and new (old stands there once), or append",
        items: {
          type: "object",
          required: ["path"],
          additionalProperties: false,
          properties: {
            path: { type: "string", minLength: 1, maxLength: 300 },
            content: { ...body, type: ["string", "null"], description: "null removes the file" },
            old: { ...body, minLength: 1 },
            new: body,
            append: { ...body, minLength: 1 },
          },
        },
      },
      why: {
        type: "string",
        minLength: 1,
        maxLength: 500,
        description: "What it will make better, in one line: a person decides by it",
      },
    },
    required: ["target", "files", "why"],
    additionalProperties: false,
  },
  parallel: false,
  repeatable: true,
  run: (args, context) => {
    const target = textOr(args, "target", "");
    const request = {
      ...{ verb: "propose", target, files: args["files"], why: oneLine(args, "why") },
      ...originOf(context),
    };
    return ask(context, request, `a change of ${target}`);
  },
};
