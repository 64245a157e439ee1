import { describe, expect, it } from "vitest";
import { headOf, shortened } from "../../src/task/text.ts";
import { admit, trustOf } from "../../src/task/trust.ts";

describe("trustOf", () => {
  it("knows root and the members of group trusted, nobody else", () => {
    expect(trustOf(0, [], true)).toBe("verified");
    expect(trustOf(1000, [1000], true)).toBe("verified");
    expect(trustOf(1001, [1000], true)).toBe("unverified");
  });

  it("does not trust what somebody else may have moved there", () => {
    expect(trustOf(0, [], false)).toBe("unverified");
    expect(trustOf(1000, [1000], false)).toBe("unverified");
  });
});

describe("admit", () => {
  const self = { uid: 1, taskerUids: [2] };
  const agent = (uid: number, name: string) => ({ uid, agent: name, trust: "unverified" }) as const;

  it("lets people, taskers and itself start work", () => {
    expect(admit({ uid: 0, agent: null, trust: "verified" }, self, null).ok).toBe(true);
    expect(admit({ uid: 9, agent: null, trust: "unverified" }, self, null).ok).toBe(true);
    expect(admit(agent(2, "tasker"), self, null).ok).toBe(true);
    expect(admit(agent(1, "me"), self, null).ok).toBe(true);
  });

  it("lets any other agent only answer what it was asked itself", () => {
    expect(admit(agent(3, "c"), self, "c").ok).toBe(true);
    expect(admit(agent(3, "c"), self, "d").ok).toBe(false);
    expect(admit(agent(3, "c"), self, null).ok).toBe(false);
  });
});

describe("long texts", () => {
  it("are cut between characters, with size and path", () => {
    expect(headOf("äöü", 3)).toBe("ä");
    expect(headOf("abc", 3)).toBe("abc");
    const long = "é".repeat(1000);
    expect(shortened(long, 1001, () => "/w/x.txt")).toBe(
      `${"é".repeat(500)}\n[cut here: the whole text has 2000 bytes, read it in /w/x.txt]`,
    );
    expect(shortened(long, 1001, () => null)).toContain("the rest could not be kept");
    const kept = (): never => {
      throw new Error("a short text is not kept");
    };
    expect(shortened("hi", 2, kept)).toBe("hi");
  });
});
