/** The table of contents of the memory, details on demand. */
import type { Tool } from "../tool.ts";
import { atDesk } from "./desk.ts";
import { category, id } from "./schemas.ts";

export const memories: Tool = {
  name: "memories",
  description:
    "Lists what you remember: without arguments the categories, with a category its entries, with an id that memory in full.",
  parameters: {
    type: "object",
    properties: { category, id },
    required: [],
    additionalProperties: false,
  },
  parallel: true,
  repeatable: true,
  run: (args, context) =>
    atDesk(context, (desk) =>
      desk.list({
        category: typeof args["category"] === "string" ? args["category"] : null,
        id: typeof args["id"] === "string" ? args["id"] : null,
      }),
    ),
};
