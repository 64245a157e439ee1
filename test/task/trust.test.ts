import { describe, expect, it } from "vitest";
import { headOf, shortened } from "../../src/task/text.ts";
import {
  admit,
  isBareAnswer,
  isPersonsWord,
  isStewardAnswer,
  personMark,
  stewardMark,
  trustOf,
} from "../../src/task/trust.ts";

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
    expect(admit({ uid: 9, agent: null, trust: "unverified" }, self, "d").ok).toBe(true);
    expect(admit(agent(2, "tasker"), self, null).ok).toBe(true);
    expect(admit(agent(1, "me"), self, null).ok).toBe(true);
    // An agent that people put into group trusted.
    expect(admit({ ...agent(3, "c"), trust: "verified" }, self, null).ok).toBe(true);
  });

  it("lets any other agent only answer what it was asked itself", () => {
    expect(admit(agent(3, "c"), self, "c").ok).toBe(true);
    expect(admit(agent(3, "c"), self, "d").ok).toBe(false);
    expect(admit(agent(3, "c"), self, null)).toEqual({
      ok: false,
      why: "agent c may answer here but not start work",
    });
  });
});

describe("the marks of answers", () => {
  const from = (uid: number, mark: object, replyTo: string | null = "t-1") => ({
    from: { uid, name: "n", agent: null },
    request: { replyTo, extra: { ...mark } },
  });

  it("are the words that are written into files", () => {
    expect(stewardMark).toEqual({ answer_of: "steward" });
    expect(personMark).toEqual({ answer_of: "person" });
  });

  it("make an answer of the steward's only from root, with a mark, to something", () => {
    expect(isStewardAnswer(from(0, stewardMark))).toBe(true);
    expect(isStewardAnswer(from(1000, stewardMark))).toBe(false);
    expect(isStewardAnswer(from(0, stewardMark, null))).toBe(false);
    expect(isStewardAnswer(from(0, personMark))).toBe(false);
    expect(isStewardAnswer(from(0, {}))).toBe(false);
  });

  it("make an answer of what is no work: of a person's mark from anybody, of the steward's from root", () => {
    expect(isBareAnswer(from(0, stewardMark))).toBe(true);
    expect(isBareAnswer(from(1000, personMark))).toBe(true);
    expect(isBareAnswer(from(1000, personMark, null))).toBe(false);
    expect(isBareAnswer(from(1000, stewardMark))).toBe(false);
    expect(isBareAnswer(from(1000, {}))).toBe(false);
  });
});

describe("a person's own word", () => {
  const person = { from: { agent: null }, trust: "verified" } as const;

  it("is a verified one, of no agent, that nobody moved there", () => {
    expect(isPersonsWord(person)).toBe(true);
    expect(isPersonsWord({ ...person, moved: false })).toBe(true);
    expect(isPersonsWord({ ...person, moved: true })).toBe(false);
    expect(isPersonsWord({ ...person, trust: "unverified" })).toBe(false);
    expect(isPersonsWord({ ...person, from: { agent: "desk" } })).toBe(false);
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
