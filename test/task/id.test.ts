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

describe("the time of an id", () => {
  it("is when the file changed last, also behind a prefix", () => {
    expect(timeOfId(idForDrop("a-b", facts))).toBe(1_700_000_000_000);
    expect(timeOfId("12345678-1234")).toBe(0);
    expect(timeOfId("")).toBe(0);
  });

  it("may be of a clock that is wrong: it stays an id, and all its random bits are used", () => {
    const of = (byte: number, time = 0x1234) => newId(time, (n) => new Uint8Array(n).fill(byte));
    expect(of(255)).toBe("00000000-1234-7fff-bfff-ffffffffffff");
    expect(of(0)).toBe("00000000-1234-7000-8000-000000000000");
    expect(isId(of(0, Number.MAX_SAFE_INTEGER))).toBe(true);
    expect(timeOfId(of(0, -5.5))).toBe(0);
  });
});

describe("idForDrop", () => {
  it("is the same for the same file and another for any other", () => {
    expect(idForDrop("x", facts)).toBe(idForDrop("x", facts));
    const others = Object.keys(facts).map((key) => idForDrop("x", { ...facts, [key]: 99n }));
    expect(new Set([idForDrop("x", facts), idForDrop("y", facts), ...others]).size).toBe(7);
  });

  it("begins with the file's own name, made safe, of at most 64 characters", () => {
    const prefix = (name: string) => idForDrop(name, facts).slice(0, -37);
    expect(prefix("hello")).toBe("hello");
    expect(prefix("my notes!!.v2")).toBe("my_notes_.v2");
    expect(prefix(".hidden")).toBe("_hidden");
    expect(prefix("-rf")).toBe("_rf");
    expect(prefix("")).toBe("_");
    expect(prefix("a".repeat(300))).toBe("a".repeat(64));
  });

  it("is, after an upgrade too, the one that it was: a file that was taken is not taken again", () => {
    const known = { ...facts, ctimeNs: 1_700_000_000_123_456_789n };
    expect(idForDrop("hello", known)).toBe("hello-018bcfe5-687b-8ef1-aa0a-5c127fe43da3");
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
