/**
 * Resources of a server that says it has some, as two more tools of it, `list_resources` and `read_resource`. Pure.
 *
 * A tool of the server by one of these names stands before ours. Never: fetches an address itself, a server answers for its
 * own; subscribes; asks for prompts, which are words for people to pick, not for a model.
 */

import { sha256 } from "../../system/sha256.ts";
import { isMap, jsonOf } from "./read.ts";
import type { ServerTool } from "./types.ts";

type Value = Readonly<Record<string, unknown>>;

const mostListed = 500;

const toolOf = (
  method: NonNullable<ServerTool["method"]>,
  name: string,
  description: string,
  schema: Value,
): ServerTool => ({
  ...{ method, name, description, schema, repeatable: true },
  digest: sha256(`con ${method} 1`),
});

const text = { type: "string", minLength: 1, maxLength: 4096 };

const resourceTools: readonly ServerTool[] = [
  toolOf(
    "resources/list",
    "list_resources",
    "Lists what the server has to read: addresses (uri), names, descriptions.",
    {
      type: "object",
      properties: { cursor: { ...text, description: "nextCursor of the page before" } },
      additionalProperties: false,
    },
  ),
  toolOf("resources/read", "read_resource", "Reads a resource of the server by its uri.", {
    type: "object",
    properties: { uri: { ...text, description: "As list_resources has it" } },
    required: ["uri"],
    additionalProperties: false,
  }),
];

export const withResources = (tools: readonly ServerTool[]): ServerTool[] => [
  ...tools,
  ...resourceTools.filter(({ name }) => tools.every((tool) => tool.name !== name)),
];

export const requestFor = ({ name, method }: Pick<ServerTool, "name" | "method">, args: Value) =>
  method === undefined
    ? { method: "tools/call", params: { name, arguments: args } }
    : { method, params: { ...args } };

/** An answer about resources as that of a tool. */
export function asResult({ method }: Pick<ServerTool, "method">, value: Value): Value {
  if (method === undefined) return value;
  if (method === "resources/list") return { content: listed(value) };
  const contents: readonly unknown[] = Array.isArray(value["contents"]) ? value["contents"] : [];
  return { content: contents.map((resource) => ({ type: "resource", resource })) };
}

function listed({ resources, nextCursor }: Value): Value[] {
  const all: readonly unknown[] = Array.isArray(resources) ? resources : [];
  const lines = all.slice(0, mostListed).filter(isMap).map(lineOf);
  if (all.length > mostListed) lines.push(`(${all.length - mostListed} more are left out)`);
  if (typeof nextCursor === "string") lines.push(`nextCursor: ${jsonOf(nextCursor)}`);
  return [{ type: "text", text: lines.length === 0 ? "(no resources)" : lines.join("\n") }];
}

const lineOf = ({ uri, name, title, description, mimeType, size }: Value): string =>
  jsonOf({ uri, name, title, description, mimeType, size }) ?? "(nested too deeply to be shown)";
