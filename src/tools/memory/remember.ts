/** Keeps something beyond the task. The same call made again keeps it once. */
import { refused, text } from "../answer.ts";
import type { MemoryKind } from "../desks.ts";
import type { ToolResult } from "../result.ts";
import type { Tool } from "../tool.ts";
import { atDesk, callerOf, expiryOf } from "./desk.ts";
import { category, directory, id, kind } from "./schemas.ts";
import { shared } from "./share.ts";

export const remember: Tool = {
  name: "remember",
  description:
    "Keeps one thing for later tasks: what will still matter, complete in itself, with exact names and numbers. " +
    "Where it comes from and whether that sender was verified is kept with it; after you have read words of others " +
    "(a page, an answer, a file of theirs) it counts as theirs. Never a password or a key.",
  parameters: {
    type: "object",
    properties: {
      category,
      title: { type: "string", minLength: 1, maxLength: 200, description: "One line" },
      text: { type: "string", minLength: 1, maxLength: 4000 },
      kind,
      replaces: {
        type: "array",
        items: id,
        maxItems: 10,
        description: "Ids of memories that this one takes the place of",
      },
      expires: {
        type: "string",
        maxLength: 40,
        description: "Not true any more after, e.g. 30d or 2027-01-31T09:00:00Z (default: never)",
      },
      share: {
        ...directory,
        description:
          "Also a file in this directory, which you may write, for all agents that may read it (recall: shared)",
      },
    },
    required: ["category", "title", "text", "kind"],
    additionalProperties: false,
  },
  parallel: false,
  repeatable: true,
  async run(args, context) {
    const wanted = args["expires"];
    const expires = typeof wanted === "string" ? expiryOf(wanted, context.now()) : null;
    if (typeof wanted === "string" && expires === null)
      return refused(`expires ${wanted} is no time: use e.g. 30d or 2027-01-31T09:00:00Z`);
    const remembering = {
      category: text(args, "category"),
      title: text(args, "title"),
      text: text(args, "text"),
      kind: text(args, "kind") as MemoryKind,
      replaces: (args["replaces"] ?? []) as readonly string[],
      expires,
    };
    const keep = (): Promise<ToolResult> =>
      atDesk(context, (desk) => desk.remember(remembering, callerOf(context), context.signal));
    return typeof args["share"] === "string"
      ? shared(context, { directory: args["share"], remembering, keep })
      : keep();
  },
};
