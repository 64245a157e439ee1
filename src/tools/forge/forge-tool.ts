/** The tool `forge_tool`. What it takes to forge is loaded when it is called: on the way of a wake nothing of it is. */
import { languages } from "../../sandbox/throwaway/request.ts";
import { answeringLater } from "../answer.ts";
import type { Tool } from "../tool.ts";

export const forgeTool: Tool = {
  name: "forge_tool",
  description:
    "Has a small program written, tested and kept as a tool of yours, forged.NAME: for a calculation or a change of " +
    "data that you need again and again and that must be right. It gets its arguments as JSON and gives its result as " +
    "JSON; it has no network and no files, and runs in a sandbox. You say what it is for, what goes in, what comes " +
    "out, and give examples with the right results. A name that is there already gets a new version; when that " +
    "fails, the old one stays.",
  parameters: {
    type: "object",
    properties: {
      name: {
        type: "string",
        minLength: 1,
        maxLength: 48,
        description: "Small letters, digits and _, e.g. count_words",
      },
      purpose: { type: "string", minLength: 1, maxLength: 2000, description: "What it does" },
      inputs: {
        type: "object",
        description: "JSON Schema of its arguments, with type object",
      },
      output: { type: "object", description: "JSON Schema of its result" },
      examples: {
        type: "array",
        minItems: 1,
        maxItems: 20,
        items: {
          type: "object",
          properties: {
            arguments: { type: "object" },
            result: { description: "What must come of it" },
          },
          required: ["arguments", "result"],
          additionalProperties: false,
        },
        description: "Calls with their right results; it must get all of them right",
      },
      language: { enum: [...languages], description: "Default python; shell is bash" },
      timeout_seconds: {
        type: "number",
        exclusiveMinimum: 0,
        maximum: 600,
        description: "Of one call (default 30)",
      },
      memory_mb: {
        type: "integer",
        minimum: 32,
        maximum: 1024,
        description: "Of one call (default 512)",
      },
    },
    required: ["name", "purpose", "inputs", "output", "examples"],
    additionalProperties: false,
  },
  parallel: false,
  run: (args, context) =>
    answeringLater(context, async () => (await import("./forge.ts")).forge(args, context)),
};
