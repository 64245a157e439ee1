/** Conditions of approval rules: what a pattern covers, and that nothing which cannot be judged slips past. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ApprovalRule } from "../../src/config/types.ts";
import {
  applies,
  isAsWide,
  matches,
  type ReadPath,
  ruleFor,
  type When,
} from "../../src/config/when.ts";

const rule = (when?: When, approvers = 1, expirySeconds = 60): ApprovalRule => ({
  tool: "shell",
  approvers,
  expirySeconds,
  ...(when && { when }),
});
const globs = (...all: string[]) => ({ globs: all });
const command = (...all: string[]): When => ({ command: globs(...all) });
const covers = (when: When, args: Readonly<Record<string, unknown>>, readPath?: ReadPath) =>
  applies(rule(when), { args, ...(readPath && { readPath }) });

describe("a pattern", () => {
  test.each([
    ["rm *", "rm -rf /", true],
    ["rm *", "rm", false],
    ["rm *", " rm x", false],
    ["rm *", "arm x", false],
    ["*rm*", "echo; rm\nx", true],
    ["", "", true],
    ["*", "", true],
    ["**", "a/b\nc", true],
    ["a*a", "a", false],
    ["a*b*c", "a-b-b-c", true],
    ["a*b*c", "a-c-b", false],
    ["a.c", "abc", false],
    ["a?c", "abc", false],
    ["[ab]", "a", false],
    ["RM *", "rm x", false],
  ])("%j and %j", (glob, text, expected) => {
    expect(matches(glob, text)).toBe(expected);
  });

  test("means what the same regular expression would mean, for every text", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "*", "/", ".", "\n"), maxLength: 12 });
    fc.assert(
      fc.property(text, text, (glob, value) => {
        const parts = glob.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
        const same = new RegExp(`^${parts.join("[^]*")}$`);
        expect(matches(glob, value)).toBe(same.test(value));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a condition", () => {
  test("all of it must hold; of a list one", () => {
    const both: When = { agent: globs("x", "y*"), text: globs("*secret*") };
    expect(covers(both, { agent: "y1", text: "a secret" })).toBe(true);
    expect(covers(both, { agent: "z", text: "a secret" })).toBe(false);
    expect(covers(both, { agent: "x", text: "nothing" })).toBe(false);
  });

  test("what is absent, or no plain value, counts as matching", () => {
    for (const args of [{}, { command: null }, { command: ["ls"] }, { command: { a: 1 } }])
      expect(covers(command("rm *"), args)).toBe(true);
    // Not its own: nothing that a prototype has.
    expect(covers({ constructor: globs("x") }, {})).toBe(true);
  });

  test("numbers and truth values are taken as they are written", () => {
    expect(covers({ limit: globs("5*") }, { limit: 50 })).toBe(true);
    expect(covers({ append: globs("true") }, { append: false })).toBe(false);
  });

  test("above: more, and everything that is no number", () => {
    const above: When = { seconds: { above: 60 } };
    for (const [seconds, expected] of [
      [61, true],
      [60, false],
      [-5, false],
      [Number.NaN, true],
      ["10", true],
      [true, true],
      [undefined, true],
    ] as const)
      expect([seconds, covers(above, { seconds })]).toEqual([seconds, expected]);
  });

  test("never covers less when an argument is taken away or becomes something else", () => {
    const when = fc.dictionary(
      fc.constantFrom("a", "b"),
      fc.oneof(
        fc
          .array(fc.constantFrom("x", "x*", "*", "1"), { minLength: 1 })
          .map((all) => globs(...all)),
        fc.integer({ min: -3, max: 3 }).map((above) => ({ above })),
      ),
    );
    const args = fc.dictionary(
      fc.constantFrom("a", "b"),
      fc.oneof(fc.constantFrom("x", "xy", "z", 1, 9, true), fc.jsonValue()),
    );
    fc.assert(
      fc.property(when, args, fc.constantFrom("a", "b"), (condition, given, key) => {
        if (!covers(condition, given)) return;
        const { [key]: _gone, ...rest } = given;
        expect(covers(condition, rest)).toBe(true);
        expect(covers(condition, { ...given, [key]: [given[key]] })).toBe(true);
      }),
    );
  });
});

describe("a path", () => {
  const at =
    (places: readonly string[], below = false): ReadPath =>
    (name) =>
      name === "path" ? { places, below, base: "/work" } : null;
  const covered = (pattern: string, ...places: string[]) =>
    covers({ path: globs(pattern) }, { path: "as it was written" }, at(places));

  test("is matched where it is, not as it was written", () => {
    expect(covered("/pub/**", "/pub/x/y")).toBe(true);
    expect(covered("/pub/**", "/public/x")).toBe(false);
    expect(covered("as it*", "/pub")).toBe(false);
    expect(covered("/pub/**", "/link", "/pub/x")).toBe(true);
  });

  test("a directory is covered by what covers all in it, however that is written", () => {
    for (const pattern of ["/pub/**", "/pub/*", "/pub//*", "/./pub/**", "/pub", "/pub/"])
      expect([pattern, covered(pattern, "/pub")]).toEqual([pattern, true]);
  });

  test("a pattern that begins with a name begins in the workspace", () => {
    expect(covered("out/*", "/work/out/x")).toBe(true);
    expect(covered("./out/*", "/work/out/x")).toBe(true);
    expect(covered("out/*", "/srv/out/x")).toBe(false);
    expect(covered("*.env", "/srv/x.env")).toBe(true);
  });

  test("a call that goes on below it is covered when it can reach what is", () => {
    const reaches = (pattern: string, place: string): boolean =>
      covers({ path: globs(pattern) }, { path: "" }, at([place], true));
    expect(reaches("/srv/pub/secret/*", "/srv/pub")).toBe(true);
    expect(reaches("/srv/pub/secret", "/srv/pub")).toBe(true);
    expect(reaches("*.env", "/srv")).toBe(true);
    expect(reaches("/srv/pub/*", "/srv/other")).toBe(false);
    expect(reaches("/srv/pubs/*", "/srv/pub")).toBe(false);
    expect(reaches("/srv/*", "/")).toBe(true);
  });

  test("which nobody can follow counts as matching", () => {
    expect(covers({ path: globs("/x") }, { path: "y" }, () => "unclear")).toBe(true);
  });
});

describe("several rules", () => {
  const rules = [
    rule(command("rm *"), 1, 60),
    rule(command("*-rf*"), 3, 600),
    { ...rule(), tool: "write_file" },
  ];
  const found = (text: string) => ruleFor(rules, "shell", { args: { command: text } });

  test("most people and least time of those that hold", () => {
    expect(found("rm -rf /")).toEqual({ tool: "shell", approvers: 3, expirySeconds: 60 });
    expect(found("rm x")).toEqual({ tool: "shell", approvers: 1, expirySeconds: 60 });
    expect(found("ls")).toBeNull();
    expect(ruleFor(rules, "read_file", { args: {} })).toBeNull();
  });

  test("as wide: none, or the same", () => {
    expect(isAsWide(undefined, command("a"))).toBe(true);
    expect(isAsWide(command("a"), undefined)).toBe(false);
    expect(isAsWide(command("a"), command("a"))).toBe(true);
    expect(isAsWide(command("a"), command("b"))).toBe(false);
    const one: When = { a: globs("1"), b: { above: 2 } };
    expect(isAsWide(one, { b: { above: 2 }, a: globs("1") })).toBe(true);
  });
});
