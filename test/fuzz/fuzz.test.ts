/** A few thousand inputs for each target; `make proof` feeds a million. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fuzz } from "./support/fuzz.ts";
import { demand, type Target } from "./support/target.ts";
import { targets } from "./targets.ts";

/** Of the slowest ones fewer: the test takes seconds. */
const slow = new Set(["configuration", "manifest", "role", "contract", "gateway"]);
const fewer = 300;

describe.each(targets)("$name", (target) => {
  it("takes no harm from inputs that are nearly right", async () => {
    const found = await fuzz(target, { seed: 20_260, count: slow.has(target.name) ? fewer : 2000 });
    const { why = "", input } = found.failure ?? {};
    expect(why, `on ${JSON.stringify(input?.toString("latin1"))}`).toBe("");
    expect(found.taken).toBeGreaterThan(0);
    expect(found.taken).toBeLessThan(found.inputs);
  });

  it("nor from any bytes and texts at all", async () => {
    const subject = await target.open();
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ maxLength: 100 }).map((text) => Buffer.from(text)),
      fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text)),
    );
    const check = async (bytes: Uint8Array): Promise<void> => {
      await subject.check(Buffer.from(bytes));
    };
    try {
      await fc.assert(fc.asyncProperty(anything, check), { numRuns: 60, seed: 7 });
    } finally {
      await subject.close?.();
    }
  });
});

describe("the harness", () => {
  const odd = (check: (input: Buffer) => boolean): Target => ({
    name: "odd",
    patience: { ms: 20, msPerByte: 0 },
    open: async () => ({
      check,
      corpus: [Buffer.from("a long input, with much in it")],
      generate: () => Buffer.from("x"),
    }),
  });

  it("finds what is thrown, and makes it small", async () => {
    const target = odd((input) => {
      demand(!input.includes("\0"), "a NUL");
      return true;
    });
    const found = await fuzz(target, { seed: 1, count: 10_000 });
    expect(found.failure?.why).toContain("a NUL");
    expect(found.failure?.input).toEqual(Buffer.from("\0"));
    expect(await fuzz(target, { seed: 1, count: 10_000 })).toMatchObject({ inputs: found.inputs });
  });

  it("finds what takes too long", async () => {
    const target = odd((input) => {
      let sum = 0;
      if (input.includes("\0")) for (let at = 0; at < 40_000_000; at += 1) sum += at;
      return sum === 0;
    });
    const found = await fuzz(target, { seed: 1, count: 10_000 });
    expect(found.failure?.why).toMatch(/^it takes \d+ ms/);
  });
});
