/**
 * Asks that others may call a tool which this agent forged. Root reads the version that is in use now, people look at
 * all of it, and the task waits until they have decided.
 *
 * Never: hands over code: a name, a number and a digest are all that is asked with.
 */
import { refused, textOr } from "./answer.ts";
import { ask, oneLine, originOf } from "./steward.ts";
import type { Tool } from "./tool.ts";

export const shareTool: Tool = {
  name: "share_tool",
  description:
    "Proposes that other agents may call a tool that you forged, as shared.NAME: the version that you use now, or in " +
    "place of one that you shared before. It is reviewed first: code, tests and schemas; your task waits at no cost. " +
    "For what others need as well. The result begins with done, refused or failed.",
  parameters: {
    type: "object",
    properties: {
      name: { type: "string", minLength: 1, maxLength: 55, description: "Of a tool of yours" },
      reason: {
        type: "string",
        minLength: 1,
        maxLength: 500,
        description: "What others need it for, in one line: who reviews it decides by it",
      },
    },
    required: ["name", "reason"],
    additionalProperties: false,
  },
  parallel: false,
  repeatable: true,
  run: async (args, context) => {
    const { forge } = context;
    if (forge === undefined) return refused("there are no forged tools here");
    const tool = textOr(args, "name", "").replace(/^forged\./, "");
    const loaded = forge.registry.load(tool);
    if (!loaded.ok) return refused(`not shared: ${loaded.why}`);
    const { manifest, digest } = loaded;
    const request = {
      ...{ verb: "share_tool", tool, revision: manifest.version, sha256: digest },
      why: oneLine(args, "reason"),
      ...originOf(context),
    };
    return ask(context, request, `sharing forged.${tool} version ${manifest.version}`);
  },
};
