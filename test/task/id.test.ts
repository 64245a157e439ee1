import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { derivedId, type FileFacts, idForDrop, isId, newId, timeOfId } from "../../src/task/id.ts";

const random = (count: number): Uint8Array => crypto.getRandomValues(new Uint8Array(count));
const facts: FileFacts = {
  dev: 1n,
  ino: 2n,
  ctimeNs: 1_700_000_000_000_000_000n,
  size: 3n,
  uid: 0n,
  gid: 0n,
};

describe("newId", () => {
  it("is a version 7 UUID that sorts by time", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 45), fc.nat(2 ** 20), (time, more) => {
        const [early, late] = [newId(time, random), newId(time + more + 1, random)];
        expect(early).toMatch(
          /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        );
        expect(isId(early)).toBe(true);
        expect(timeOfId(early)).toBe(time);
        expect(early < late).toBe(true);
      }),
    );
  });

  it("does not repeat within one millisecond", () => {
    const ids = new Set(Array.from({ length: 10_000 }, () => newId(1, random)));
    expect(ids.size).toBe(10_000);
  });
});

describe("idForDrop", () => {
  it("is the same for the same file and another for any other", () => {
    expect(idForDrop("x", facts)).toBe(idForDrop("x", facts));
    const others = Object.keys(facts).map((key) => idForDrop("x", { ...facts, [key]: 99n }));
    expect(new Set([idForDrop("x", facts), idForDrop("y", facts), ...others]).size).toBe(7);
  });

  it("keeps a good name as prefix", () => {
    expect(idForDrop("hello", facts)).toMatch(/^hello-/);
  });

  it("makes one safe file name of any name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (name) => {
        const id = idForDrop(name, facts);
        expect(isId(id)).toBe(true);
        expect(id).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/);
        expect(Buffer.byteLength(`.corrupt-${id}.response`)).toBeLessThan(200);
      }),
    );
  });
});

describe("isId", () => {
  const uuid = newId(5, random);
  it.each([
    "",
    "x",
    `../${uuid}`,
    `-${uuid}`,
    `a/${uuid}`,
    `a\n-${uuid}`,
    `${uuid}\n`,
    `.a-${uuid}`,
    `${"a".repeat(65)}-${uuid}`,
  ])("refuses %j", (text) => expect(isId(text)).toBe(false));

  it("accepts derived ids", () => {
    expect(isId(derivedId(7, ["a", "b"]))).toBe(true);
    expect(derivedId(7, ["a", "b"])).not.toBe(derivedId(7, ["ab", ""]));
  });
});
