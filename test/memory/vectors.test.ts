/** The offline embedder and the sketches of vectors. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lexicalEmbedder, lexicalVector } from "../../src/memory/lexical.ts";
import { sketchBits, sketchOf } from "../../src/memory/sketch.ts";

const cosine = (one: Float32Array, other: Float32Array): number =>
  one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);

const distance = (one: Uint8Array, other: Uint8Array): number =>
  one.reduce((sum, byte, at) => {
    const differing = (byte ^ (other[at] ?? 0)).toString(2).replaceAll("0", "");
    return sum + differing.length;
  }, 0);

describe("lexical vectors", () => {
  test("are the same on every machine", () => {
    const vector = lexicalVector("Deploy on Tuesday");
    const [at = 0] = [...vector.keys()].filter((index) => vector[index] !== 0);
    expect([at, Number(vector[at]?.toFixed(4))]).toEqual([17, 0.2357]);
  });

  test("are of length 1, or zero for a text without words", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const vector = lexicalVector(text);
        expect(vector).toHaveLength(lexicalEmbedder.dimensions);
        const length = cosine(vector, vector);
        if (vector.some((value) => value !== 0)) expect(length).toBeCloseTo(1, 4);
        else expect(length).toBe(0);
      }),
    );
  });

  test.each([
    ["deployment", "deployments are frozen"],
    ["recieve mail", "receive the mail"],
    ["паролей", "пароли владельца"],
    ["configuraton", "the configuration"],
  ])("%j is near %j and far from what it has nothing to do with", (question, text) => {
    const asked = lexicalVector(question);
    expect(cosine(asked, lexicalVector(text))).toBeGreaterThan(lexicalEmbedder.floor);
    expect(cosine(asked, lexicalVector("zebras love sunshine"))).toBeLessThan(
      lexicalEmbedder.floor,
    );
  });
});

describe("sketches", () => {
  test("differ in proportion to the angle, also of sparse vectors and odd lengths", () => {
    for (const length of [100, 256, 1536]) {
      const one = new Float32Array(length);
      const other = new Float32Array(length);
      one[3] = 1;
      other[3] = Math.cos(Math.PI / 4);
      other[70] = Math.sin(Math.PI / 4);
      const share = distance(sketchOf(one), sketchOf(other)) / sketchBits;
      expect(share).toBeGreaterThan(0.17);
      expect(share).toBeLessThan(0.33);
    }
  });

  test("are equal for equal vectors and turned around for opposite ones", () => {
    const vector = lexicalVector("something to remember");
    expect(sketchOf(vector)).toEqual(sketchOf(vector));
    expect(distance(sketchOf(vector), sketchOf(vector.map((value) => -value)))).toBeGreaterThan(
      sketchBits * 0.98,
    );
  });
});
