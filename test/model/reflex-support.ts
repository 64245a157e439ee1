/** Conversations as the runner makes them, for the reflex engine. */
import { reflex } from "../../src/model/reflex/index.ts";
import type { Message, ToolSpec } from "../../src/model/types.ts";
import { type Framed, frame } from "../../src/task/frame.ts";
import { builtinTools } from "../../src/tools/registry.ts";

export const allTools: readonly ToolSpec[] = builtinTools().map(
  ({ name, description, parameters }) => ({
    type: "function",
    function: { name, description, parameters },
  }),
);

export const without = (...names: readonly string[]): ToolSpec[] =>
  allTools.filter((tool) => !names.includes(tool.function.name));

export function asked(text: string, rest: Partial<Framed> = {}): Message[] {
  const task: Framed = { id: "t", from: "root", trust: "verified", replyTo: null, text, ...rest };
  const nonce = "0123456789abcdef0123456789abcdef";
  const content = `A task, from user root.\n${frame(task, nonce)}\nWanted before: 2027-01-01T00:00:00.000Z`;
  return [
    { role: "system", content: "You are `concierge`." },
    { role: "user", content },
  ];
}

/** The first answer to `text`: what is called, or what is said. */
export const first = (text: string, rest: Partial<Framed> = {}, tools = allTools) =>
  reflex({ messages: asked(text, rest), tools });

/** Goes on with the given results of the calls, in their order. */
export function finish(
  text: string,
  results: readonly string[],
  rest: Partial<Framed> = {},
  tools = allTools,
) {
  const { toolCalls } = first(text, rest, tools);
  return reflex({ messages: [...asked(text, rest), ...turn(toolCalls, results)], tools });
}

export function turn(
  calls: readonly { readonly name: string; readonly arguments: object }[],
  results: readonly string[],
): Message[] {
  const ids = calls.map((_, at) => `call_${at}`);
  return [
    {
      role: "assistant",
      content: null,
      tool_calls: calls.map((call, at) => ({
        id: ids[at] ?? "",
        type: "function",
        function: { name: call.name, arguments: JSON.stringify(call.arguments) },
      })),
    },
    ...calls.map(
      (_, at): Message => ({
        role: "tool",
        tool_call_id: ids[at] ?? "",
        content: results[at] ?? "",
      }),
    ),
  ];
}
