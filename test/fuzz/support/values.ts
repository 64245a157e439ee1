/** Values that a JSON Schema asks for, or nearly: every so often a part is something else. Pure. */
import type { Random } from "./random.ts";

type Schema = Readonly<Record<string, unknown>>;

const words =
  "a b name desk worker smart * 1 0 -1 90s 30min 2G 512M 100% daily root ~ true null /srv/con/artifacts 10.0.0.1:443 example.org:443 2027-01-31T09:00:00Z __proto__";

const strings: readonly string[] = [...words.split(" "), "", "two words", "é\u202e", "\n", "$(x)"];

/** Anything that JSON can say. */
export function anyJson(random: Random, depth = 3): unknown {
  const kind = random.int(depth > 0 ? 7 : 5);
  if (kind === 0) return null;
  if (kind === 1) return random.chance(2);
  if (kind === 2) return random.pick([0, 1, -1, 3, 1.5, 1e9, -1e300, 2 ** 53]);
  if (kind < 5) return random.pick(strings);
  const count = random.int(4);
  if (kind === 5) return Array.from({ length: count }, () => anyJson(random, depth - 1));
  return Object.fromEntries(
    Array.from({ length: count }, () => [random.pick(strings), anyJson(random, depth - 1)]),
  );
}

/** `root` holds `$defs`. Values of patterns come from `strings`, from `examples`, or from what `more` has. */
export function valueFor(
  schema: Schema | boolean | undefined,
  random: Random,
  { root, more }: { readonly root: Schema; readonly more: readonly string[] },
  depth = 6,
): unknown {
  const again = (one: unknown): unknown =>
    valueFor(one as Schema | undefined, random, { root, more }, depth - 1);
  if (typeof schema !== "object" || depth < 0 || random.chance(60)) return anyJson(random);
  if (typeof schema["$ref"] === "string") return again(resolve(root, schema["$ref"]));
  if ("const" in schema) return schema["const"];
  if (Array.isArray(schema["enum"])) return random.pick(schema["enum"] as unknown[]);
  if (Array.isArray(schema["examples"]) && random.chance(2))
    return random.pick(schema["examples"] as unknown[]);
  const choices = [schema["oneOf"], schema["anyOf"]].find(Array.isArray) as unknown[] | undefined;
  const chosen = choices === undefined ? {} : again(random.pick(choices));
  if (choices !== undefined && schema["properties"] === undefined) return chosen;
  const all = [schema["type"] ?? (schema["properties"] ? "object" : "string")].flat();
  switch (random.pick(all)) {
    case "object":
      return { ...objectOf(schema, random, again, more), ...(chosen as object) };
    case "array":
      return Array.from({ length: random.int(4) }, () => again(schema["items"]));
    case "integer":
    case "number":
      return Number(schema["minimum"] ?? 1) + random.int(3);
    case "boolean":
      return random.chance(2);
    case "null":
      return null;
    default:
      return random.pick(random.chance(4) ? strings : [...more, ...strings]);
  }
}

function objectOf(
  schema: Schema,
  random: Random,
  again: (one: unknown) => unknown,
  more: readonly string[],
): Record<string, unknown> {
  const properties = (schema["properties"] ?? {}) as Record<string, unknown>;
  const required = (schema["required"] ?? []) as readonly string[];
  const chosen = Object.keys(properties).filter((key) =>
    required.includes(key) ? !random.chance(40) : random.chance(3),
  );
  const entries = chosen.map((key) => [key, again(properties[key])]);
  const { additionalProperties: rest } = schema;
  if (typeof rest === "object" || random.chance(40))
    for (let left = random.int(3); left > 0; left -= 1)
      entries.push([random.pick([...more, ...strings]), again(rest)]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

function resolve(root: Schema, reference: string): unknown {
  return reference
    .split("/")
    .slice(1)
    .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], root);
}

/** All strings in a value, as material for others. */
export function stringsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return [...Object.keys(value), ...Object.values(value).flatMap(stringsIn)];
}
