/** Whom a task is for: what an agent says of it counts within that agent, and nowhere else. */
import { describe, expect, it } from "vitest";
import { decodeTask, requestOf } from "../../src/task/codec.ts";
import { behalfOf, principalOf } from "../../src/task/principal.ts";
import type { Sender, Task } from "../../src/task/task.ts";
import { loadYaml } from "../../src/task/yaml.ts";
import { aTask } from "../agent/support/scripted.ts";

const desk: Sender = { uid: 2001, name: "desk", agent: "desk" };
const other: Sender = { uid: 2002, name: "other", agent: "other" };
const person: Sender = { uid: 1666, name: "mallory", agent: null };
const forTrusted = behalfOf("desk", "trusted");
const forMallory = behalfOf("desk", "uid-1666");

const of = (from: Sender, behalf: string | null, about: Partial<Task> = {}): string =>
  principalOf(
    aTask("x", { trust: "unverified", from, request: requestOf("x", { behalf }), ...about }),
  );

describe("whom a task is for", () => {
  it("is another one for each for whom an agent asks, and for none", () => {
    const all = [of(desk, forTrusted), of(desk, forMallory), of(desk, null), of(person, null)];
    expect(new Set(all).size).toBe(4);
    expect(of(desk, forTrusted)).toBe(all[0]);
    expect(of(desk, null)).toBe("uid-2001");
  });

  it("is nobody of another agent, whoever writes that agent's label, and never a trusted person", () => {
    for (const behalf of [forTrusted, forMallory]) {
      expect(of(other, behalf)).not.toBe(of(desk, behalf));
      expect(of(other, behalf)).toMatch(/^uid-2002-/);
      expect(of(desk, behalf)).not.toBe("trusted");
    }
  });

  it("is the person, whatever a person writes", () => {
    expect(of(person, forTrusted)).toBe("uid-1666");
    expect(of(person, forTrusted, { trust: "verified" })).toBe("trusted");
    // Who put the file there is not known: neither is whom it is for.
    expect(of(desk, forTrusted, { moved: true })).toMatch(/^moved-/);
  });

  it("is carried on over several agents", () => {
    const next = (principal: string): string =>
      of(other, behalfOf("other", principal), { from: other });
    expect(next(of(desk, forTrusted))).not.toBe(next(of(desk, forMallory)));
    expect(behalfOf("desk", "trusted")).not.toBe(behalfOf("other", "trusted"));
  });
});

describe("a label", () => {
  it("is, after an upgrade too, the one that it was: what was remembered is found again", () => {
    expect(behalfOf("desk", "trusted")).toBe("b51e43239ae53f52913f948dd87fe61c");
  });

  it.each([
    ["none", ""],
    ["a word", "on_behalf_of: trusted"],
    ["too long", `on_behalf_of: ${"a".repeat(33)}`],
    ["in capitals", `on_behalf_of: "${"A".repeat(32)}"`],
    ["a list", `on_behalf_of: ["${"a".repeat(32)}"]`],
    ["a map", "on_behalf_of:\n  a: b"],
    ["empty", 'on_behalf_of: ""'],
  ])("that is %s is as none, and refuses no task", async (_, line) => {
    const bytes = Buffer.from(`---\nthread: t\n${line}\n---\nhello\n`);
    const decoded = decodeTask(bytes, { maxBytes: 1e6, parseYaml: await loadYaml() });
    expect(decoded).toMatchObject({ ok: true, request: { behalf: null, extra: {} } });
  });

  it("is read as it is written, of digits alone too", () => {
    for (const behalf of [forTrusted, "1".repeat(32)]) {
      const bytes = Buffer.from(`---\non_behalf_of: ${behalf}\n---\nhello\n`);
      expect(decodeTask(bytes, { maxBytes: 1e6, parseYaml: null })).toMatchObject({
        ok: true,
        request: { behalf },
      });
    }
  });
});
