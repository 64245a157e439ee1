/** Which schemas a sender may hold an answer against. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readDoneWhen } from "../../src/task/done-when.ts";
import { aSchema } from "./support/schema.ts";

const read = (schema: unknown) => readDoneWhen([{ answer_json: { schema } }], undefined);

function refused(schema: unknown): string {
  const found = read(schema);
  if (found.ok) throw new Error("it was accepted");
  return found.why;
}

const defs = (count: number, of: (n: number) => unknown): object =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`d${n}`, of(n)]));
const toNext = (n: number) => ({ $ref: `#/$defs/d${n + 1}` });

function nested(depth: number): unknown {
  let schema: unknown = true;
  for (let n = 0; n < depth; n += 1) schema = { not: schema };
  return schema;
}

describe("a schema of an answer", () => {
  it("is kept as it is", () => {
    const schema = {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      title: "Disks",
      type: "object",
      properties: {
        disks: { type: "array", items: { $ref: "#/$defs/disk" }, minItems: 1 },
        $ref: { const: { $ref: "#/$defs/nothing that is looked for" } },
      },
      required: ["disks"],
      additionalProperties: false,
      $defs: { disk: { type: "object", properties: { used: { type: "integer", maximum: 100 } } } },
    };
    expect(read(schema)).toEqual({
      ok: true,
      doneWhen: {
        rounds: 3,
        checks: [
          {
            name: "#1 answer_json",
            timeoutSeconds: 60,
            probe: { kind: "answer_json", schema },
          },
        ],
      },
    });
  });

  it("is taken in every form that is permitted", () => {
    fc.assert(
      fc.property(aSchema, (schema) => {
        const found = read(schema);
        expect(found).toMatchObject({
          ok: true,
          doneWhen: { checks: [{ probe: { schema } }] },
        });
      }),
    );
  });

  it.each([
    ["no map", true, "a map: a JSON Schema"],
    ["a list", [], "a map: a JSON Schema"],
    ["a regular expression", { type: "string", pattern: "^(a+)+$" }, "pattern, which is not"],
    ["one for names", { patternProperties: { "^(a+)+$": true } }, "patternProperties, which"],
    ["a format", { properties: { at: { format: "date" } } }, "format, which is not permitted"],
    ["an address", { $ref: "https://example.org/schema" }, '.$ref must be "#/$defs/NAME"'],
    ["a file", { $ref: "file:///etc/passwd" }, '.$ref must be "#/$defs/NAME"'],
    ["the whole", { properties: { child: { $ref: "#" } } }, '.$ref must be "#/$defs/NAME"'],
    ["a pointer", { $ref: "#/$defs/a/properties/b" }, '.$ref must be "#/$defs/NAME"'],
    ["nothing", { $ref: "#/$defs/none" }, "has no $defs.none"],
    ["what is inherited", { $ref: "#/$defs/toString" }, "has no $defs.toString"],
    ["another id", { $id: "https://example.org/", type: "string" }, 'unknown keyword "$id"'],
    ["an anchor", { items: { $anchor: "a" } }, 'unknown keyword "$anchor"'],
    ["a dynamic reference", { $dynamicRef: "#a" }, 'unknown keyword "$dynamicRef"'],
    ["an inherited keyword", { toString: true }, 'unknown keyword "toString"'],
    ["a misspelling", { require: ["a"] }, 'unknown keyword "require"'],
    ["another draft", { $schema: "http://json-schema.org/draft-07/schema#" }, ".$schema must be"],
    ["inner definitions", { items: { $defs: {} } }, "may only stand at the top"],
    ["if alone", { if: true }, "if says nothing without then or else"],
    ["else alone", { else: true }, "else says nothing without if"],
    ["minContains alone", { minContains: 1 }, "says nothing without contains"],
    ["no type", { type: "text" }, ".type must be"],
    ["a type twice", { type: ["null", "null"] }, ".type must be"],
    ["an empty enum", { enum: [] }, ".enum must be a list"],
    ["a number that is none", { enum: [Number.NaN] }, ".enum[0] must be a JSON value"],
    ["a half character", { const: "\ud800" }, ".const must be a JSON value"],
    ["a count below 0", { minLength: -1 }, ".minLength must be"],
    ["a step of 0", { multipleOf: 0 }, ".multipleOf must be"],
    ["__proto__", JSON.parse('{"properties":{"__proto__":false}}'), 'the name "__proto__"'],
    ["it in a demand", { required: ["__proto__"] }, 'the name "__proto__"'],
    ["it in a value", JSON.parse('{"const":{"__proto__":1}}'), 'the name "__proto__"'],
    ["a depth", nested(33), "nested at most 32 deep"],
    ["a deep value", { const: nested(100_000) }, "nested at most 32 deep"],
    ["a size", { description: "x".repeat(16 * 1024) }, "at most 16384 bytes"],
  ])("with %s is refused", (_, schema, why) => {
    expect(refused(schema)).toContain(why);
  });

  it("that leads back to itself, or unfolds without end, is refused", () => {
    const round = { $defs: { d0: { items: toNext(0) }, d1: { not: toNext(-1) } } };
    expect(refused(round)).toContain("leads back to itself");
    const bomb = defs(30, (n) => (n === 29 ? true : { allOf: [toNext(n), toNext(n)] }));
    expect(refused({ $defs: bomb, $ref: "#/$defs/d0" })).toContain("every $ref written out");
    const chain = defs(300, (n) => (n === 299 ? true : toNext(n)));
    expect(read({ $defs: chain, $ref: "#/$defs/d0" }).ok).toBe(true);
  });

  it("stands once in a task, and alone in its check", () => {
    const form = { answer_json: { schema: {} } };
    const why = (list: readonly unknown[]) => readDoneWhen(list, undefined);
    expect(why([form, form])).toMatchObject({ ok: false });
    expect(why([{ answer_json: {} }])).toMatchObject({ why: expect.stringContaining("a map") });
    expect(why([{ answer_json: { schema: {}, strict: false } }])).toMatchObject({
      why: expect.stringContaining('unknown key "strict"'),
    });
  });

  it("never makes the reader throw, whatever it is", () => {
    const wild = fc.anything({ maxDepth: 4, withNullPrototype: false });
    const keys = fc.constantFrom("properties", "enum", "$defs", "items", "type", "$ref", "if");
    fc.assert(
      fc.property(fc.oneof(wild, fc.dictionary(keys, wild)), (schema) => {
        const found = read(schema);
        if (found.ok) expect(JSON.parse(JSON.stringify(found))).toEqual(found);
      }),
    );
  });
});
