/**
 * The keywords of JSON Schema that an answer may be held against, each demanded in one form only. Pure.
 *
 * Never: takes a keyword that demands nothing, or whose cost nobody can tell beforehand.
 */
import { Malformed, malformed } from "./values.ts";

const maxDepth = 32;

/** Where something stands, and how deep. */
export interface At {
  readonly where: string;
  readonly depth: number;
  /** Names of definitions that the schema, or the definition around it, refers to: one for each `$ref`. */
  readonly refs: string[];
  /** The same of each definition. */
  readonly definitions: Map<string, string[]>;
}

type Read = (at: At, value: unknown) => void;

export const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const shown = (key: string): string => JSON.stringify(key.slice(0, 40));

function within(at: At, key: string | number): At {
  const { where } = at;
  const depth = at.depth + 1;
  if (depth > maxDepth) return malformed(where, `nested at most ${maxDepth} deep`);
  if (typeof key === "number") return { ...at, where: `${where}[${key}]`, depth };
  // Validators skip this name: it would be a demand that nobody keeps.
  if (key === "__proto__" || !key.isWellFormed())
    throw new Malformed(`${where} has the name ${shown(key)}, which cannot be used`);
  const name = /^[\w$-]{1,40}$/.test(key) ? `.${key}` : `[${shown(key)}]`;
  return { ...at, where: `${where}${name}`, depth };
}

export function readSchema(at: At, value: unknown): void {
  if (typeof value === "boolean") return;
  if (!isMap(value)) malformed(at.where, "a schema: a map, true or false");
  for (const [key, one] of Object.entries(value)) {
    const inner = within(at, key);
    const read = Object.hasOwn(keywords, key) ? keywords[key] : undefined;
    if (read === undefined) throw new Malformed(`${at.where} has ${strange(key)}`);
    if (rootOnly.has(key) && at.depth > 0)
      throw new Malformed(`${inner.where} may only stand at the top of the schema`);
    read(inner, one);
  }
  for (const [key, partners] of Object.entries(needs))
    if (Object.hasOwn(value, key) && !partners.some((partner) => Object.hasOwn(value, partner)))
      throw new Malformed(`${at.where}.${key} says nothing without ${partners.join(" or ")}`);
}

const refused: ReadonlySet<string> = new Set(["pattern", "patternProperties", "format"]);

const strange = (key: string): string =>
  refused.has(key)
    ? `${key}, which is not permitted here: use enum, const or lengths, or answer_matches beside it`
    : `the unknown keyword ${shown(key)}`;

const rootOnly: ReadonlySet<string> = new Set(["$schema", "$defs"]);

/** Keywords that are ignored when they stand alone. */
const needs: Readonly<Record<string, readonly string[]>> = {
  if: ["then", "else"],
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: ["if"],
  else: ["if"],
  minContains: ["contains"],
  maxContains: ["contains"],
};

const literal: Read = (at, value) => {
  if (value === null || typeof value === "boolean") return;
  if (typeof value === "string" && value.isWellFormed()) return;
  if (typeof value === "number" && Number.isFinite(value)) return;
  if (Array.isArray(value)) for (const [n, one] of value.entries()) literal(within(at, n), one);
  else if (isMap(value))
    for (const [key, one] of Object.entries(value)) literal(within(at, key), one);
  else malformed(at.where, "a JSON value");
};

const only =
  (holds: (value: unknown) => boolean, expected: string): Read =>
  ({ where }, value) => {
    if (!holds(value)) malformed(where, expected);
  };

const listOf =
  (read: Read): Read =>
  (at, value) => {
    if (!Array.isArray(value) || value.length === 0)
      return malformed(at.where, "a list that is not empty");
    for (const [n, one] of value.entries()) read(within(at, n), one);
  };

/** `refsOf` says where the references of each are noted. */
const mapOf =
  (refsOf: (at: At, key: string) => string[]): Read =>
  (at, value) => {
    if (!isMap(value)) return malformed(at.where, "a map of schemas");
    for (const [key, one] of Object.entries(value))
      readSchema({ ...within(at, key), refs: refsOf(at, key) }, one);
  };

const properties = mapOf(({ refs }) => refs);

const definitions = mapOf(({ definitions: all }, name) => {
  const refs: string[] = [];
  all.set(name, refs);
  return refs;
});

const typeNames = ["string", "number", "integer", "boolean", "null", "array", "object"];
const isTypeName = (value: unknown): boolean => typeNames.some((name) => name === value);

const types = only(
  (value) =>
    isTypeName(value) ||
    (Array.isArray(value) &&
      value.length > 0 &&
      value.every(isTypeName) &&
      new Set(value).size === value.length),
  `one or some of ${typeNames.join(", ")}`,
);

/** Names that are demanded, each a text and none that validators skip. */
const names: Read = (at, value) => {
  if (!Array.isArray(value) || value.some((name) => typeof name !== "string"))
    return malformed(at.where, "a list of names");
  for (const name of value) within(at, name as string);
};

const text = only((value) => typeof value === "string" && value.isWellFormed(), "a text");
const flag = only((value) => typeof value === "boolean", "true or false");
const isNumber = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value);
const number = only(isNumber, "a number");
const count = only(
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  "a whole number from 0",
);
const step = only((value) => isNumber(value) && value > 0, "a number above 0");
const reference = /^#\/\$defs\/([A-Za-z0-9_.-]{1,80})$/;

const ref: Read = (at, value) => {
  const name = typeof value === "string" ? reference.exec(value)?.[1] : undefined;
  if (name === undefined)
    return malformed(at.where, '"#/$defs/NAME", with letters, digits and _.- in the name');
  at.refs.push(name);
};

const dialect = only(
  (value) => value === "https://json-schema.org/draft/2020-12/schema",
  "https://json-schema.org/draft/2020-12/schema",
);

const same = <T>(keys: string, value: T): Record<string, T> =>
  Object.fromEntries(keys.split(" ").map((key) => [key, value]));

const keywords: Readonly<Record<string, Read>> = {
  ...same("title description $comment", text),
  ...same("default const", literal),
  ...same("examples enum", listOf(literal)),
  ...same("deprecated uniqueItems", flag),
  ...same("additionalProperties propertyNames items contains not if then else", readSchema),
  ...same("prefixItems anyOf oneOf allOf", listOf(readSchema)),

  ...same("minLength maxLength minItems maxItems minContains maxContains", count),
  ...same("minProperties maxProperties", count),
  ...same("minimum maximum exclusiveMinimum exclusiveMaximum", number),
  $schema: dialect,
  $ref: ref,
  $defs: definitions,
  properties,
  type: types,
  required: names,
  multipleOf: step,
};
