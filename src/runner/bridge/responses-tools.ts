/**
 * Tools of OpenAI's responses format as functions of chat completions, and which tool stands behind the name of such a
 * function. Pure.
 */

import { isObject, type JsonObject } from "../../system/json.ts";
import { listOf, notBridged, toolOf } from "./not-bridged.ts";

/** What stands behind a function of the translated request. */
export interface Named {
  readonly name: unknown;
  readonly namespace?: unknown;
  readonly isCustom: boolean;
}

/** By the name that the model sees. A namespace becomes the beginning of a name. */
export function namesIn(body: JsonObject): ReadonlyMap<unknown, Named> {
  const { tools } = body;
  const all = Array.isArray(tools) ? tools.filter(isObject) : [];
  return new Map(
    all.flatMap(({ type, name, tools: within }): (readonly [unknown, Named])[] => {
      if (type !== "namespace") return [[name, { name, isCustom: type === "custom" }]];
      const inside = Array.isArray(within) ? within.filter(isObject) : [];
      return inside.map((one) => [
        joined(name, one["name"]),
        { name: one["name"], namespace: name, isCustom: one["type"] === "custom" },
      ]);
    }),
  );
}

export const joined = (namespace: unknown, name: unknown): unknown =>
  typeof namespace === "string" && namespace !== "" ? `${namespace}__${String(name)}` : name;

export function functionsOf({ type, name, tools, ...rest }: JsonObject): JsonObject[] {
  if (type !== "namespace") return [functionOf({ type, name, ...rest })];
  return listOf(tools, "tools").map((one) =>
    functionOf({ ...one, name: joined(name, one["name"]) }),
  );
}

/** Tools that take plain text are functions with one text here; the answer turns that back. */
function functionOf({ type, name, description, parameters, format }: JsonObject): JsonObject {
  if (type === "function") return toolOf(name, description, parameters);
  if (type !== "custom") throw notBridged(type);
  const rule = isObject(format) ? format["definition"] : undefined;
  const words = [description, rule].filter((one) => typeof one === "string");
  return toolOf(name, words.join("\n\n"), {
    type: "object",
    properties: { input: { type: "string" } },
    required: ["input"],
    additionalProperties: false,
  });
}

export function choiceOf({
  tool_choice: choice,
  parallel_tool_calls: isParallel,
}: JsonObject): JsonObject {
  const parallel = { parallel_tool_calls: isParallel };
  if (!isObject(choice)) return { tool_choice: choice, ...parallel };
  const { type, name } = choice;
  if (type !== "function" && type !== "custom") throw notBridged(type);
  return { tool_choice: { type: "function", function: { name } }, ...parallel };
}
