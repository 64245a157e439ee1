/** Schemas as a sender may write them, with names and values that try to be code. */
import fc from "fast-check";

const hostile = [
  '"',
  "'",
  "`",
  "\\",
  "$" + "{globalThis.owned = 1}",
  '"]; globalThis.owned = 1; //',
  "'); globalThis.owned = 1; ('",
  "*/ globalThis.owned = 1 /*",
  "\u2028globalThis.owned = 1\n//",
  "constructor",
  "toString",
  "valueOf",
  "data",
  "validate",
  "$id",
  "$ref",
  "1",
  "",
  "a/b~c%25",
];
const name = fc.oneof(fc.constantFrom(...hostile), fc.string({ maxLength: 4 }));
const safeName = name.filter((text) => text !== "__proto__" && text.isWellFormed());

const literal = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom(null, true, false, 0, -1, 1.5, 1e300),
    safeName,
    fc.array(tie("value"), { maxLength: 2 }),
    fc.dictionary(safeName, tie("value"), { maxKeys: 2, noNullPrototype: true }),
  ),
})).value;

const names = ["string", "number", "integer", "boolean", "null", "array", "object"];
const small = fc.nat(5);

/** References go to definitions that stand before only, so none leads back. */
const schema = (refs: readonly string[]) =>
  fc.letrec((tie) => {
    const sub = tie("schema");
    const list = fc.array(sub, { minLength: 1, maxLength: 2 });
    const map = fc.dictionary(safeName, sub, { maxKeys: 2, noNullPrototype: true });
    const parts = fc.record(
      {
        type: fc.oneof(
          fc.constantFrom(...names),
          fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }),
        ),
        title: safeName,
        enum: fc.array(literal, { minLength: 1, maxLength: 3 }),
        const: literal,
        default: literal,
        examples: fc.array(literal, { minLength: 1, maxLength: 2 }),
        properties: map,
        required: fc.array(safeName, { maxLength: 2 }),
        additionalProperties: sub,
        propertyNames: sub,
        items: sub,
        prefixItems: list,
        contains: sub,
        uniqueItems: fc.boolean(),
        anyOf: list,
        oneOf: list,
        allOf: list,
        not: sub,
        minLength: small,
        maxItems: small,
        minProperties: small,
        exclusiveMaximum: small,
        multipleOf: fc.constantFrom(0.5, 3),
        ...(refs.length === 0
          ? {}
          : { $ref: fc.constantFrom(...refs.map((one) => `#/$defs/${one}`)) }),
      },
      { requiredKeys: [], noNullPrototype: true },
    );
    const sparse = fc
      .tuple(parts, fc.array(fc.nat(), { minLength: 1, maxLength: 3 }))
      .map(([all, places]) => {
        const entries = Object.entries(all);
        return Object.fromEntries(
          entries.filter((_, n) => places.some((m) => m % entries.length === n)),
        );
      });
    return { schema: fc.oneof({ maxDepth: 3 }, fc.boolean(), sparse), map: sparse };
  });

/** As it is after it was JSON once: keys in their order, no -0. */
export const aSchema: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc
  .record({
    a: schema([]).map,
    b: schema(["a"]).map,
    root: schema(["a", "constructor"]).map,
  })
  .map(({ a, b, root }) =>
    JSON.parse(JSON.stringify({ $defs: { a, constructor: b }, ...(root as object) })),
  );

/** Answers that may fit. */
export const aJson = literal;
