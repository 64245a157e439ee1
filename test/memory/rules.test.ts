/** The rules of trust by themselves. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  admit,
  confidenceCap,
  mayDescribe,
  mayReplace,
  standing,
  whyNotForget,
  whyNotVerify,
} from "../../src/memory/rules.ts";
import { type Memory, provenances, type SourceTrust } from "../../src/memory/types.ts";
import { trusted, untrusted } from "./support/world.ts";

const anyProvenance = fc.constantFrom(...provenances);
const anyTrust = fc.constantFrom<SourceTrust>("verified", "unverified");

const memory = (changed: Partial<Memory>): Memory => ({
  id: "m1",
  principal: "a-one",
  kind: "fact",
  category: "c",
  title: "t",
  text: "x",
  provenance: "asserted",
  confidence: 0.5,
  source: untrusted,
  created: 0,
  updated: 0,
  lastUsed: null,
  uses: 0,
  expires: null,
  deleted: null,
  replacedBy: null,
  hasDetails: false,
  ...changed,
});

describe("admit", () => {
  test("gives nobody what is only earned, and never more confidence than the cap", () => {
    fc.assert(
      fc.property(
        anyProvenance,
        anyTrust,
        fc.double({ noNaN: true }),
        (provenance, trust, confidence) => {
          const admitted = admit({ provenance, confidence }, { trust });
          expect(admitted.provenance).not.toBe("verified");
          if (trust === "unverified")
            expect(["asserted", "inferred"]).toContain(admitted.provenance);
          expect(admitted.confidence).toBeLessThanOrEqual(
            confidenceCap(admitted.provenance, trust),
          );
          expect(admitted.confidence).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });

  test("what an unverified source tells is worth less than the same from a verified one", () => {
    for (const provenance of ["asserted", "inferred"] as const)
      expect(admit({ provenance }, untrusted).confidence).toBeLessThan(
        admit({ provenance }, trusted).confidence,
      );
  });
});

describe("standing", () => {
  test("an unverified source replaces nothing that a verified one told", () => {
    fc.assert(
      fc.property(anyProvenance, (provenance) => {
        const incoming = { provenance: "asserted", source: untrusted } as const;
        expect(mayReplace(incoming, { provenance, source: trusted })).toBe(false);
      }),
    );
  });

  test("nothing replaces what is verified", () => {
    fc.assert(
      fc.property(anyProvenance, anyTrust, anyTrust, (provenance, trust, other) => {
        const verified = { provenance: "verified", source: { trust: other } } as const;
        expect(mayReplace({ provenance, source: { trust } }, verified)).toBe(false);
      }),
    );
  });

  test("observed, asserted, inferred, then what nobody vouches for", () => {
    const heights = (["verified", "observed", "asserted", "inferred"] as const).map((provenance) =>
      standing({ provenance, source: trusted }),
    );
    expect(heights).toEqual([4, 3, 2, 1]);
    expect(standing({ provenance: "asserted", source: untrusted })).toBe(0);
  });
});

describe("verify", () => {
  const evidence = { by: "anna", text: "I looked", task: null };
  const by = (trust: SourceTrust, call = "call-9", id = "task-9") => ({
    ...evidence,
    task: { id, trust, call },
  });
  test.each([
    ["a person", evidence, {}, null],
    ["a verified task", by("verified"), {}, null],
    ["an unverified task", by("unverified"), {}, "unverified task"],
    ["no text", { ...evidence, text: " \n" }, {}, "what was seen"],
    ["a forgotten one", evidence, { deleted: 1 }, "forgotten"],
    [
      "the call that stored it",
      by("verified", "call-1", "task-1"),
      { source: trusted },
      "no evidence",
    ],
    ["another call of that task", by("verified", "call-2", "task-1"), { source: trusted }, null],
  ] as const)("%s", (_, given, changed, expected) => {
    const why = whyNotVerify(memory(changed), given);
    if (expected === null) expect(why).toBeNull();
    else expect(why).toContain(expected);
  });
});

test("an unverified task forgets only what the same sender told unverified", () => {
  expect(whyNotForget(memory({}), untrusted)).toBeNull();
  expect(whyNotForget(memory({}), { ...untrusted, from: "eve" })).not.toBeNull();
  expect(
    whyNotForget(memory({ source: { ...trusted, from: "mallory" } }), untrusted),
  ).not.toBeNull();
  expect(whyNotForget(memory({ provenance: "verified" }), untrusted)).not.toBeNull();
  expect(whyNotForget(memory({ provenance: "verified" }), trusted)).toBeNull();
});

test("an unverified source does not overwrite a description of a verified one", () => {
  expect(mayDescribe("unverified", "verified")).toBe(false);
  expect(mayDescribe("verified", "unverified")).toBe(true);
  expect(mayDescribe("unverified", null)).toBe(true);
});
