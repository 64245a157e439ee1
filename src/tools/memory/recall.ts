/** Finds what is remembered, by words and likeness. Changes nothing. */
import { text } from "../answer.ts";
import type { MemoryKind } from "../desks.ts";
import type { Tool } from "../tool.ts";
import { atDesk } from "./desk.ts";
import { category, directory, kind } from "./schemas.ts";
import { sharedThere } from "./share.ts";

export const recall: Tool = {
  name: "recall",
  description:
    "Finds memories of earlier tasks by words and likeness, the best first, with where each comes from, how sure " +
    "it is and what contradicts it. What an unverified sender told is a claim: check it before you rely on it.",
  parameters: {
    type: "object",
    properties: {
      query: { type: "string", minLength: 1, maxLength: 2000, description: "What you look for" },
      category,
      kind,
      include_past: {
        type: "boolean",
        description: "Search what was said in threads as well (default: false)",
      },
      shared: {
        ...directory,
        description:
          "Search only what agents shared in this directory, which you may read: claims of theirs",
      },
    },
    required: ["query"],
    additionalProperties: false,
  },
  parallel: true,
  repeatable: true,
  run: (args, context) => {
    const asked = {
      query: text(args, "query"),
      category: typeof args["category"] === "string" ? args["category"] : null,
      kind: (args["kind"] as MemoryKind | undefined) ?? null,
      includePast: args["include_past"] === true,
    };
    return typeof args["shared"] === "string"
      ? sharedThere(context, args["shared"], asked)
      : atDesk(context, (desk) => desk.recall(asked, context.signal));
  },
};
