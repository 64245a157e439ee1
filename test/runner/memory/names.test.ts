/** Names in any script and emoji, such as look alike, and such as differ only in what a file name would lose. */
import { describe, expect, it } from "vitest";
import { goalPath } from "../../../src/runner/goals.ts";
import { idForDrop } from "../../../src/task/id.ts";
import { planFile } from "../../../src/task/plan.ts";
import { principalOf } from "../../../src/task/principal.ts";
import { bed, hitsIn, signal, textOf } from "./world.ts";

const at = bed();
/** A Latin a within Cyrillic letters, one emoji with and without a skin tone, one letter as one sign and as two. */
const names = [
  "план",
  "плaн",
  "plan",
  "🚀",
  "🛸",
  "👍",
  "👍🏽",
  "é",
  "e\u0301",
  "a/b",
  "a_b",
  "счета 🧾",
  "счета",
];

describe("names of threads", () => {
  it("open a conversation of their own, a plan and a goal", async () => {
    for (const [index, thread] of names.entries()) {
      const memory = at.memory();
      const task = at.trusted(`The word is number ${index}.`, { thread });
      memory.begun(task);
      at.ended(task, "Noted.");
      await memory.settle();
    }
    const plans = new Set<string>();
    for (const [index, thread] of names.entries()) {
      const task = at.trusted("Which word?", { thread });
      const told = hitsIn(textOf(await at.memory().background(task, signal)));
      expect(told, thread).toMatchObject([{ asked: `The word is number ${index}.` }]);
      plans.add(planFile(task, principalOf(task)).toLowerCase());
    }
    expect(plans.size).toBe(names.length);
    // A goal lies under the id of its task, and a dropped file's name is part of that.
    const facts = { dev: 1n, ino: 2n, ctimeNs: 3n, size: 4n, uid: 5n };
    const goals = names.map((name) => goalPath({ state: "/s" }, idForDrop(name, facts as never)));
    expect(new Set(goals.map((path) => path.toLowerCase())).size).toBe(names.length);
    for (const path of goals) expect(path).toMatch(/^\/s\/[!-~]+$/);
  });
});
