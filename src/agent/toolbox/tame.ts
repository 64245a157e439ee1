/**
 * The JSON Schema of a tool that con does not ship, as far as it is safe to hold arguments against it. Pure.
 *
 * Whoever made the tool wrote the schema. What is left has no regular expression, no format, no `$ref`, and at most
 * `mostNodes` parts: so holding a value against it takes time in proportion to the value. Where something is left out
 * more values fit, never fewer: the tool judges its arguments by itself. Never: throws.
 */

export type TameSchema = boolean | Readonly<Record<string, unknown>>;

const mostNodes = 1000;
const mostDepth = 24;

interface Tamed {
  readonly schema: TameSchema;
  /** More fits than was meant. */
  readonly loose: boolean;
}

interface Walk {
  readonly root: unknown;
  readonly depth: number;
  readonly left: { nodes: number };
}

type Json = Readonly<Record<string, unknown>>;
type Read = (value: unknown, walk: Walk, whole: Json) => Tamed;

const isMap = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const anything: Tamed = { schema: true, loose: true };
const nothingSaid: Tamed = { schema: true, loose: false };

export const tamed = (schema: unknown): TameSchema =>
  tame(schema, { root: schema, depth: 0, left: { nodes: mostNodes } }).schema;

function tame(value: unknown, walk: Walk): Tamed {
  walk.left.nodes -= 1;
  if (walk.left.nodes < 0 || walk.depth > mostDepth) return anything;
  if (typeof value === "boolean") return { schema: value, loose: false };
  if (!isMap(value)) return anything;
  const below = { ...walk, depth: walk.depth + 1 };
  const parts = Object.entries(value).flatMap(([keyword, one]) => {
    if (silent.has(keyword)) return [];
    const read = Object.hasOwn(keywords, keyword) ? keywords[keyword] : undefined;
    return [read === undefined ? anything : read(one, below, value)];
  });
  const isObject = ofProperties.some((keyword) => Object.hasOwn(value, keyword));
  return all(isObject ? [...parts, properties(value, below)] : parts);
}

const isAlways = ({ schema }: Tamed): boolean => schema === true;

/** Each keyword stands alone, which means the same; those of properties are read together. */
function all(parts: readonly Tamed[]): Tamed {
  const loose = parts.some((part) => part.loose);
  const telling = parts.filter((part) => !isAlways(part)).map(({ schema }) => schema);
  if (telling.length === 0) return { schema: true, loose };
  return { schema: telling.length === 1 ? (telling[0] ?? true) : { allOf: telling }, loose };
}

const ofProperties = ["properties", "additionalProperties", "patternProperties"];

/** Words about a schema that demand nothing, or are read with another keyword. */
const silent: ReadonlySet<string> = new Set([
  ...["title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"],
  ...["$schema", "$id", "id", "$comment", "$defs", "definitions", "nullable"],
  ...ofProperties,
]);

const types = ["object", "array", "string", "number", "integer", "boolean", "null"];

const type: Read = (value, _, { nullable }) => {
  const named = (Array.isArray(value) ? value : [value]).filter((one) => types.includes(one));
  const list = [...new Set([...named, ...(nullable === true ? ["null"] : [])])];
  return named.length === 0 ? anything : { schema: { type: list }, loose: false };
};

const literals =
  (keyword: "enum" | "const"): Read =>
  (value) =>
    keyword === "const" || (Array.isArray(value) && value.length > 0)
      ? { schema: { [keyword]: value }, loose: false }
      : anything;

const number =
  (keyword: string, fits: (value: number) => boolean = Number.isFinite): Read =>
  (value) =>
    typeof value === "number" && fits(value)
      ? { schema: { [keyword]: value }, loose: false }
      : anything;

const count = (keyword: string): Read =>
  number(keyword, (value) => Number.isSafeInteger(value) && value >= 0);

const required: Read = (value) => {
  const names = (Array.isArray(value) ? value : []).filter((one) => typeof one === "string");
  return names.length === 0
    ? nothingSaid
    : { schema: { required: [...new Set(names)] }, loose: false };
};

function properties(whole: Json, walk: Walk): Tamed {
  const { properties: named, additionalProperties: more, patternProperties } = whole;
  const entries = Object.entries(isMap(named) ? named : {})
    .filter(([name]) => name !== "__proto__")
    .map(([name, one]) => [name, tame(one, walk)] as const);
  const rest =
    more === undefined || patternProperties !== undefined ? nothingSaid : tame(more, walk);
  const loose =
    rest.loose || patternProperties !== undefined || entries.some(([, one]) => one.loose);
  const schema = {
    properties: Object.fromEntries(entries.map(([name, one]) => [name, one.schema])),
    ...(isAlways(rest) ? {} : { additionalProperties: rest.schema }),
  };
  return { schema, loose };
}

const items: Read = (value, walk) => {
  if (Array.isArray(value)) return tuple(value, walk);
  const { schema, loose } = tame(value, walk);
  return { schema: { items: schema }, loose };
};

function tuple(value: readonly unknown[], walk: Walk): Tamed {
  const parts = value.map((one) => tame(one, walk));
  if (parts.length === 0) return nothingSaid;
  const schema = { prefixItems: parts.map((one) => one.schema) };
  return { schema, loose: parts.some(({ loose }) => loose) };
}

const listOf = (value: unknown, walk: Walk): Tamed[] =>
  (Array.isArray(value) ? value : []).map((one) => tame(one, walk));

const anyOf: Read = (value, walk) => {
  const parts = listOf(value, walk);
  if (parts.length === 0 || parts.some(isAlways)) return anything;
  const schema = { anyOf: parts.map((one) => one.schema) };
  return { schema, loose: parts.some(({ loose }) => loose) };
};

const not: Read = (value, walk) => {
  const { schema, loose } = tame(value, walk);
  return loose ? anything : { schema: { not: schema }, loose: false };
};

/** Written out where it stands: one that leads back to itself ends at the greatest depth. */
const ref: Read = (value, walk) => {
  const [, place, name = ""] = /^#\/(\$defs|definitions)\/([^/]+)$/.exec(String(value)) ?? [];
  const found = isMap(walk.root) && place !== undefined ? walk.root[place] : undefined;
  const key = name.replaceAll("~1", "/").replaceAll("~0", "~");
  return isMap(found) && Object.hasOwn(found, key) ? tame(found[key], walk) : anything;
};

const keywords: Readonly<Record<string, Read>> = {
  type,
  enum: literals("enum"),
  const: literals("const"),
  minimum: number("minimum"),
  maximum: number("maximum"),
  exclusiveMinimum: number("exclusiveMinimum"),
  exclusiveMaximum: number("exclusiveMaximum"),
  multipleOf: number("multipleOf", (value) => Number.isFinite(value) && value > 0),
  minLength: count("minLength"),
  maxLength: count("maxLength"),
  minItems: count("minItems"),
  maxItems: count("maxItems"),
  minProperties: count("minProperties"),
  maxProperties: count("maxProperties"),
  required,
  items,
  prefixItems: (value, walk) => (Array.isArray(value) ? tuple(value, walk) : anything),
  anyOf,
  // Two that were told apart by a pattern may be the same now.
  oneOf: (value, walk, whole) => ({ ...anyOf(value, walk, whole), loose: true }),
  allOf: (value, walk) => all(listOf(value, walk)),
  not,
  $ref: ref,
};
