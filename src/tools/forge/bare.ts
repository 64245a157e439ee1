/**
 * A JSON Schema without words: what is left of one that a stranger may have had a hand in, for a model to read. Pure.
 *
 * Never: keeps a keyword that it does not know, a text, or the name of a property that is more than a plain name. More
 * values fit what is left, so arguments are held against the whole schema as well.
 */

import { isObject } from "../../system/json.ts";
import type { Json } from "./types.ts";

const plainName = /^[A-Za-z_][A-Za-z0-9_]{0,31}$/;
const types = ["object", "array", "string", "number", "integer", "boolean", "null"];
const numbers = new Set([
  ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
  ...["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"],
]);
const mostDepth = 24;

/** Of the arguments of a tool, so an object. */
export const bareParameters = (schema: Json): Json => ({ ...bare(schema, 0), type: "object" });

function bare(schema: unknown, depth: number): Json {
  if (!isObject(schema) || depth > mostDepth) return {};
  return Object.fromEntries(
    Object.entries(schema).flatMap(([key, value]) => {
      const left = partOf(key, value, depth);
      return left === undefined ? [] : [[key, left]];
    }),
  );
}

function partOf(key: string, value: unknown, depth: number): unknown {
  if (numbers.has(key)) return typeof value === "number" ? value : undefined;
  const below = (one: unknown): Json => bare(one, depth + 1);
  switch (key) {
    case "type":
      return typesIn(value);
    case "required":
      return Array.isArray(value) ? value.filter(isPlain) : undefined;
    case "properties":
      return isObject(value)
        ? Object.fromEntries(
            Object.entries(value).flatMap(([name, one]) =>
              isPlain(name) ? [[name, below(one)]] : [],
            ),
          )
        : undefined;
    case "items":
      return isObject(value) ? below(value) : undefined;
    case "prefixItems":
    case "anyOf":
    case "allOf":
      return Array.isArray(value) ? value.map(below) : undefined;
    default:
      return undefined;
  }
}

const isPlain = (name: unknown): boolean => typeof name === "string" && plainName.test(name);

function typesIn(value: unknown): unknown {
  const named = (Array.isArray(value) ? value : [value]).filter((one) => types.includes(one));
  if (named.length === 0) return undefined;
  return Array.isArray(value) ? named : named[0];
}
