/**
 * The JSON Schema that an answer must fit: a part of draft 2020-12, read strictly. Pure; loads no validator.
 *
 * The schema is a stranger's. So it has no keyword whose cost or meaning nobody can tell beforehand: no
 * regular expressions (`pattern`), no `format`, nothing remote, no recursion; and it is small, also with
 * every `$ref` written out.
 */
import { type At, isMap, readSchema } from "./keywords.ts";
import type { JsonSchema } from "./types.ts";
import { Malformed, malformed } from "./values.ts";

const maxBytes = 16 * 1024;
/** Characters with every `$ref` written out. */
const maxUnfolded = 64 * 1024;

/** A copy of `value` that holds nothing but JSON. */
export function schemaOf(where: string, value: unknown): JsonSchema {
  if (!isMap(value)) return malformed(where, "a map: a JSON Schema");
  if (unfolded(where, value) > maxUnfolded)
    return malformed(where, `at most ${maxUnfolded} characters with every $ref written out`);
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) > maxBytes)
    return malformed(where, `at most ${maxBytes} bytes of JSON`);
  return JSON.parse(text) as JsonSchema;
}

/** Characters of the schema with every `$ref` written out; none may lead back to itself. */
export function unfolded(where: string, schema: JsonSchema): number {
  const top: At = { where, depth: 0, refs: [], definitions: new Map() };
  readSchema(top, schema);
  const { $defs } = schema as { readonly $defs?: JsonSchema };
  const known = new Map<string, number>();
  const open = new Set<string>();
  const named = (name: string): number => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const refs = top.definitions.get(name);
    if (refs === undefined) throw new Malformed(`${where} has no $defs.${name}`);
    if (open.has(name)) throw new Malformed(`${where}.$defs.${name} leads back to itself`);
    open.add(name);
    const length = JSON.stringify($defs?.[name]).length + sumOf(refs);
    known.set(name, length);
    return length;
  };
  const sumOf = (refs: readonly string[]): number =>
    refs.reduce((sum, name) => sum + named(name), 0);
  for (const name of top.definitions.keys()) named(name);
  return JSON.stringify(schema).length + sumOf(top.refs);
}
