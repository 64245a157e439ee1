import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChildResult, Spawn } from "../../../src/host/children/types.ts";
import { endings, fairShares, shortfall, wordsOf } from "../../../src/steward/children/words.ts";
import { maxTaskBytes } from "../../../src/task/codec.ts";
import { order } from "../village.ts";

const result = (rest: Partial<ChildResult> = {}): ChildResult => ({
  ...{ status: "done", text: "fine", attempts: 1, firstError: null },
  ...rest,
});

const spawn = (results: readonly ChildResult[]): Spawn => ({
  ...{ version: 1, id: "01890a5d-ac96-874b-bcce-b302099a8057", by: 20_000, parent: "boss" },
  ...{ task: "t", depth: 1, thread: null, hops: 0, via: [], at: "", deadline: "" },
  places: results.map((one) => ({ order: order(), child: null, firstError: null, result: one })),
});

test("shares: nobody has more than it needs, all together no more than there is, who is cut is cut alike", () => {
  const sizes = fc.array(fc.nat(100_000), { maxLength: 20 });
  fc.assert(
    fc.property(sizes, fc.nat(200_000), (all, total) => {
      const shares = fairShares(all, total);
      const sum = shares.reduce((a, b) => a + b, 0);
      expect(shares.every((share, at) => share <= (all[at] ?? 0))).toBe(true);
      expect(sum).toBeLessThanOrEqual(total);
      const need = all.reduce((a, b) => a + b, 0);
      if (need <= total) expect(shares).toEqual(all);
      const cut = shares.filter((share, at) => share < (all[at] ?? 0));
      expect(Math.max(...cut, 0) - Math.min(...cut, Infinity)).toBeLessThanOrEqual(1);
      const whole = shares.filter((share, at) => share === all[at]);
      if (cut.length > 0) expect(Math.max(...whole, 0)).toBeLessThanOrEqual(Math.max(...cut) + 1);
    }),
  );
});

test("short words stand there once, in the order that was asked for", () => {
  const text = wordsOf(spawn([result({ text: "one" }), result({ text: "two" })]), "N");
  expect(text.split("\n").slice(2)).toEqual([
    ...["BEGIN CHILD 1 N (scout)", "one", "END CHILD 1 N"],
    ...["BEGIN CHILD 2 N (scout)", "two", "END CHILD 2 N"],
  ]);
});

test("long words: a beginning of each within what is read at once, then all of it, within a task", () => {
  const results = Array.from({ length: 20 }, (_, at) =>
    result({ text: `${at}:`.padEnd(32 * 1024, String(at % 10)) }),
  );
  const text = wordsOf(spawn(results), "N");
  const [first = "", rest = ""] = text.split("\nAll of it:\n");
  expect(Buffer.byteLength(first)).toBeLessThan(60 * 1024);
  for (const at of results.keys()) {
    expect(first).toContain(`BEGIN CHILD ${at + 1} N (scout)\n${at}:`);
    expect(rest).toContain(`BEGIN CHILD ${at + 1} N (scout)\n${results[at]?.text}\nEND`);
  }
  expect(Buffer.byteLength(text)).toBeLessThan(maxTaskBytes / 16);
});

test("how it ended is said without a word of theirs", () => {
  const bad = { status: "failed", text: "done", attempts: 2, firstError: "done" } as const;
  const one = spawn([result(bad)]);
  expect(endings(one).join()).toMatch(
    /^child 1, scout \(spawn-[a-z2-7]{8}\): failed at the second attempt$/,
  );
  expect(shortfall(one)).toBe("the child did not get done: what they said tells why");
  expect(shortfall(spawn([result()]))).toBeNull();
  const never = spawn([result({ status: "timeout", attempts: 0 })]);
  expect(endings(never)[0]).toContain("timeout, never begun");
});
