/** Names of plans collide nowhere, and a plan whose boxes are ticked is done. */
import { describe, expect, it } from "vitest";
import { requestOf } from "../../src/task/codec.ts";
import { isFinished, planFile } from "../../src/task/plan.ts";
import { principalOf } from "../../src/task/principal.ts";
import type { Task } from "../../src/task/task.ts";
import { aTask } from "../agent/support/scripted.ts";

function of(thread: string | null, change: Partial<Task> = {}): string {
  const task = aTask("x", { request: requestOf("x", { thread }), ...change });
  return planFile(task, principalOf(task));
}
const stranger = (uid: number): Partial<Task> => ({
  trust: "unverified",
  from: { uid, name: `u${uid}`, agent: null },
});

describe("the file of a plan", () => {
  it("is another for each thread, in any script and case", () => {
    const threads = [
      "plan",
      "Plan",
      "план",
      "плaн",
      "🚀",
      "🛸",
      "a/b",
      "a_b",
      "..",
      "é",
      "e\u0301",
    ];
    const names = [...threads, "task", "\ud800", "x".repeat(200), "x".repeat(199)].map((one) =>
      of(one),
    );
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,120}\.md$/);
  });

  it("is shared by root and trusted people, and by nobody else", () => {
    const root = of("t");
    expect(of("t", { from: { uid: 1000, name: "trent", agent: null } })).toBe(root);
    const others = [of("t", stranger(7001)), of("t", stranger(7002)), of(null)];
    expect(new Set([root, ...others]).size).toBe(4);
  });

  it("is, after an upgrade too, the one that it was", () => {
    expect(of(null)).toBe("task-a3c0c54c82be4b09ebdd583d7bb1635a5a2d7c56.md");
    expect(of("invoices")).toBe("invoices-7e0b1d0e2421cf0652d8af2e53f2bc9732cfb1d8.md");
    const long = `${"x".repeat(40)}-3207723bba3ccd1238b328f350bfd187ef7dbfe7.md`;
    expect(of("x".repeat(200))).toBe(long);
  });

  it("belongs to its task where there is no thread", () => {
    const other = "01900000-0000-7000-8000-000000000001";
    expect(of(null)).toBe(of(null, stranger(7001)));
    expect(of(null, { id: other })).not.toBe(of(null));
  });
});

it.each([
  ["- [x] one\n* [X] two", true],
  ["1. [x] one\n  - [ ] two", false],
  ["no boxes", false],
  ["text [x] in a line", false],
  ["text - [x] in a line", false],
  ["", false],
  ["+ [x] one", true],
  ["12) [x] one", true],
  ["1: [x] one", false],
  ["-[x] one", false],
  ["- [y] one", false],
  ["-  [x] one\n\t* [ ] two", false],
])("%j is done: %s", (plan, done) => expect(isFinished(plan)).toBe(done));
