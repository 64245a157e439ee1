/** Tools and schemas of Google's generateContent format, as chat completions have them. Pure. */

import { isObject, type JsonObject } from "../../system/json.ts";
import { given, listOf, NotBridged, notBridged, onlyKnown, toolOf } from "./not-bridged.ts";

export const functionsOf = (tool: JsonObject): JsonObject[] => {
  onlyKnown(tool, new Set(["functionDeclarations"]));
  return listOf(tool["functionDeclarations"], "functionDeclarations").map(
    ({ name, description, parameters, parametersJsonSchema: schema }) =>
      toolOf(name, description, schema ?? plainSchema(parameters ?? {})),
  );
};

/** Types are written in capitals here, and `nullable` is none of JSON Schema's words. */
export function plainSchema(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainSchema);
  if (!isObject(value)) return value;
  const { type, nullable, ...rest } = value;
  const entries = Object.entries(rest).map(([key, one]) => [key, schemaAt(key, one)]);
  const plain = typeof type === "string" ? type.toLowerCase() : type;
  const either = nullable === true && typeof plain === "string" ? [plain, "null"] : plain;
  return given({ type: either, ...Object.fromEntries(entries) });
}

const holdSchemas: ReadonlySet<string> = new Set(["items", "anyOf", "additionalProperties"]);

/** What stands at other words are values. */
function schemaAt(key: string, value: unknown): unknown {
  if (holdSchemas.has(key)) return plainSchema(value);
  if (key !== "properties" || !isObject(value)) return value;
  const named = Object.entries(value).map(([name, one]) => [name, plainSchema(one)]);
  return Object.fromEntries(named);
}

const modes: Readonly<Record<string, string>> = {
  MODE_UNSPECIFIED: "auto",
  AUTO: "auto",
  VALIDATED: "auto",
  ANY: "required",
  NONE: "none",
};

export function choiceOf(config: unknown): JsonObject {
  const calling = isObject(config) ? config["functionCallingConfig"] : null;
  if (!isObject(calling)) return {};
  const { mode = "AUTO", allowedFunctionNames: names } = calling;
  const name = String(mode).toUpperCase();
  if (!Object.hasOwn(modes, name)) throw notBridged(mode);
  if (!Array.isArray(names) || names.length === 0) return { tool_choice: modes[name] };
  if (names.length > 1) throw new NotBridged("con passes on one allowed function, or all");
  return { tool_choice: { type: "function", function: { name: names[0] as unknown } } };
}
