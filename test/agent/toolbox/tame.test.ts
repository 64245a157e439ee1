/** Schemas of strangers: what is left of them is safe, and never refuses what they meant to let through. */
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkOf } from "../../../src/agent/toolbox/check.ts";
import { tamed } from "../../../src/agent/toolbox/tame.ts";

const object = (properties: object, more: object = {}) => ({
  type: "object",
  properties,
  additionalProperties: false,
  ...more,
});

describe("a tamed schema", () => {
  it("still says what is wrong", () => {
    const check = checkOf(
      object(
        {
          n: { type: "integer", minimum: 1 },
          mode: { enum: ["a", "b"] },
          list: { type: "array", items: { $ref: "#/$defs/name" }, maxItems: 2 },
        },
        { required: ["n"], $defs: { name: { type: "string", minLength: 1 } } },
      ),
    );
    expect(check({ n: 1, mode: "a", list: ["x"] })).toBeNull();
    expect(check({})).toContain("must have required property 'n'");
    expect(check({ n: 0 })).toContain("/n must be >= 1");
    expect(check({ n: 1, mode: "c" })).toContain('["a","b"]');
    expect(check({ n: 1, list: [""] })).toContain("/list/0 must NOT have fewer");
    expect(check({ n: 1, odd: 1 })).toContain('additional properties: "odd"');
  });

  it("has no pattern, no format, no reference, and nothing from outside", () => {
    const wild = object(
      {
        a: { type: "string", pattern: "^(a+)+$", format: "regex" },
        b: { $ref: "http://example.org/schema" },
        c: { $dynamicRef: "#x" },
        d: { $ref: "#/$defs/d" },
      },
      { $defs: { d: { anyOf: [{ type: "null" }, { $ref: "#/$defs/d" }] } }, patternProperties: {} },
    );
    expect(JSON.stringify(tamed(wild))).not.toMatch(/pattern|format|Ref|\$ref/);
    expect(checkOf(wild)({ a: `${"a".repeat(50_000)}!`, b: 1, c: {}, d: 3, more: 1 })).toBeNull();
  });

  it("is never stricter for what was left out of it", () => {
    const check = checkOf(
      object({
        not: { not: { type: "string", pattern: "^x" } },
        one: {
          oneOf: [
            { type: "string", pattern: "^a" },
            { type: "string", pattern: "^b" },
          ],
        },
        maybe: { type: "string", nullable: true },
      }),
    );
    expect(check({ not: "y", one: "a1", maybe: null })).toBeNull();
    expect(check({ one: 1 })).not.toBeNull();
  });

  it("is bounded, however it is nested or repeated", () => {
    const twice = (n: number) => ({
      allOf: [{ $ref: `#/$defs/l${n}` }, { $ref: `#/$defs/l${n}` }],
    });
    const bomb = {
      ...twice(0),
      $defs: Object.fromEntries(
        Array.from({ length: 40 }, (_, n) => [`l${n}`, { ...twice(n + 1), minProperties: 1 }]),
      ),
    };
    let deep: object = { type: "object" };
    for (let at = 0; at < 5_000; at += 1) deep = { type: "object", properties: { a: deep } };
    for (const schema of [bomb, deep]) {
      expect(JSON.stringify(tamed(schema)).length).toBeLessThan(64_000);
      expect(checkOf(schema)({ a: {} })).toBeNull();
    }
  });

  it("is one that ajv takes, and takes what the whole one takes, whatever was written", () => {
    const leaf = fc.constantFrom(
      ...[{ type: "string" }, { type: "integer", minimum: 2 }, { enum: [1, "a"] }, true, false],
      ...[{ pattern: "^a" }, { const: { a: 1 } }, { minLength: 2, format: "uri" }],
    );
    const schema = fc.letrec((tie) => ({
      schema: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.record({ properties: fc.dictionary(fc.constantFrom("a", "b"), tie("schema")) }),
        fc.record({ anyOf: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }) }),
        fc.record({ oneOf: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }) }),
        fc.record({ not: tie("schema") }),
        fc.record({ type: fc.constant("object"), additionalProperties: tie("schema") }),
        fc.record({ items: tie("schema"), contains: tie("schema") }),
      ),
    })).schema;
    const value = fc.jsonValue({ maxDepth: 2 });
    const ajv = new Ajv2020({ strict: false, validateFormats: false, ownProperties: true });
    /** ajv calls what stands under the name valueOf in a value that it compares, and throws. */
    const takes = (whole: (args: unknown) => unknown, args: unknown): boolean => {
      try {
        return whole(args) === true;
      } catch (error) {
        if (error instanceof TypeError) return false;
        throw error;
      }
    };
    fc.assert(
      fc.property(schema, value, (one, args) => {
        const whole = ajv.compile(one as object | boolean);
        const check = checkOf(one);
        if (takes(whole, args)) expect(check(args)).toBeNull();
      }),
      { numRuns: 150 },
    );
  });

  it("never throws for what is no schema at all", () => {
    const check = (schema: unknown) => checkOf(schema)({ toString: 1, __proto__: { a: 1 } });
    for (const odd of [null, 1, "x", [], { type: 7, required: 1, enum: [], properties: [] }])
      expect(check(odd)).toBeNull();
    fc.assert(fc.property(fc.jsonValue(), (schema) => void checkOf(schema)({ a: [1] })));
  });
});
