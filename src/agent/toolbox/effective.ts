/**
 * The call that a model means: one through `use_tool` is a call of the tool that it names. Pure.
 *
 * It follows from the words of the call alone, whatever tools there are: so the fold of the journal makes it, and
 * all that judges, counts, shows or repeats a call sees the same one before and after a crash. Only the
 * conversation keeps what the model said. Never: guesses a tool or a value; what cannot be read stays a call of
 * `use_tool`, and `wrapFault` says why it is none.
 */
import { parseNearJson } from "../../model/near-json.ts";
import type { ModelReply, ToolCall, ToolSpec } from "../../model/types.ts";

const wrapper = "use_tool";

const longestName = 200;

export const useTool: ToolSpec = {
  type: "function",
  function: {
    name: wrapper,
    description:
      "Calls a tool that tool_details lists, as if you called it by its name: the same rules hold, and the " +
      "result is the tool's. `arguments` must fit the tool's own schema: when you do not know it, ask tool_details first.",
    parameters: {
      type: "object",
      properties: {
        name: { type: "string", description: "The whole name, e.g. forged.count_words" },
        arguments: { type: "object", description: "The arguments of that tool" },
      },
      required: ["name", "arguments"],
      additionalProperties: false,
    },
  },
};

export function effectiveCall(call: ToolCall): ToolCall {
  if (call.name !== wrapper) return call;
  const meant = meantBy(call.arguments);
  return "why" in meant ? call : { ...call, ...meant };
}

/** Why a call of `use_tool` calls nothing, in words; null for every other call. */
export function wrapFault(call: Pick<ToolCall, "name" | "arguments">): string | null {
  if (call.name !== wrapper) return null;
  const meant = meantBy(call.arguments);
  const why = "why" in meant ? meant.why : "it names no tool";
  return `not run: ${why}. Write {"name": "NAME OF THE TOOL", "arguments": {…}}.`;
}

type Meant = { readonly name: string; readonly arguments: string } | { readonly why: string };

function meantBy(raw: string): Meant {
  try {
    return read(JSON.parse(raw));
  } catch (error) {
    // Nested too deeply to be written again, or no JSON.
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    return { why: "the arguments of use_tool are not whole JSON" };
  }
}

function read(said: unknown): Meant {
  if (!isMap(said)) return { why: "the arguments of use_tool are not a JSON object" };
  const { name, arguments: args = {}, ...rest } = said;
  const [odd] = Object.keys(rest);
  if (typeof name !== "string" || name.trim() === "") return { why: "use_tool lacks a name" };
  if (name.length > longestName) return { why: "no tool has so long a name" };
  if (name === wrapper) return { why: "use_tool cannot call itself" };
  if (odd !== undefined)
    return {
      why: `use_tool has no ${JSON.stringify(odd.slice(0, 40))}: it belongs into arguments`,
    };
  // Some models write the inner object as a text.
  if (typeof args === "string") return { name, arguments: args };
  return isMap(args)
    ? { name, arguments: JSON.stringify(args) }
    : { why: "the arguments of the tool are not a JSON object" };
}

/** Calls of `use_tool` whose JSON is only nearly right, put right: what is written down can be read. */
export async function mended(reply: ModelReply): Promise<ModelReply> {
  if (!reply.toolCalls.some(({ name }) => name === wrapper)) return reply;
  return { ...reply, toolCalls: await Promise.all(reply.toolCalls.map(mendedCall)) };
}

async function mendedCall(call: ToolCall): Promise<ToolCall> {
  if (call.name !== wrapper) return call;
  const near = await parseNearJson(call.arguments);
  if (near === null || !isMap(near.parsed)) return call;
  const meant = meantBy(call.arguments);
  return "why" in meant ? { ...call, arguments: written(near.parsed) ?? call.arguments } : call;
}

function written(value: unknown): string | null {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return null;
  }
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
