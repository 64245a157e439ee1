/** Whatever happens in whatever order: each task ends once, nothing that came is lost or used twice. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { me } from "./support/held-machine.ts";
import { type Event, Story, taskIds } from "./support/held-story.ts";

const task = fc.integer({ min: 1, max: 3 });
const call = fc.integer({ min: 1, max: 2 });
const session = fc.constant<Event>({ kind: "session" });
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("task" as const), task }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("reply" as const),
      task,
      call,
      by: fc.constantFrom("peer", "peer", "steward", "steward", "mallory", "root"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("interim" as const), task, call }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("cancel" as const, "retry" as const), task }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      minutes: fc.integer({ max: 90, min: 1 }),
    }),
  },
  { weight: 4, arbitrary: session },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("crash" as const),
      after: fc.integer({ min: 1, max: 60 }),
      powerCut: fc.boolean(),
    }),
  },
);

it("ends every task once, and takes only what was asked for, once", async () => {
  const seen = { used: 0, ordinary: 0, taken: 0, unmatched: 0, verified: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 5, maxLength: 30 }), async (events) => {
      const story = new Story();
      await story.play([
        ...taskIds.map((_, at) => ({ kind: "task" as const, task: at + 1 })),
        ...events,
      ]);
      await story.end();
      check(story, seen);
    }),
    { numRuns: 150 },
  );
  // The property says something only when all of it happened.
  const { used, ordinary, unmatched, verified } = seen;
  for (const count of [used, ordinary, unmatched, verified]) expect(count).toBeGreaterThan(0);
}, 30_000);

type Seen = Record<"used" | "ordinary" | "taken" | "unmatched" | "verified", number>;

function check(story: Story, seen: Seen): void {
  const { memory } = story;
  for (const folder of ["active", "deferred", "held"] as const)
    expect(memory.names(me.queue[folder]), folder).toEqual([]);
  expect(memory.names(me.inbox).filter((name) => !name.startsWith("."))).toEqual([]);
  for (const id of taskIds) {
    expect(story.response(id)).not.toBeNull();
    const ends = memory.names("/asker").filter((name) => {
      const text = memory.text(`/asker/${name}`);
      return !name.startsWith(".") && text?.includes(`reply_to: "${id}"`);
    });
    // A failed task that was retried ends again, with another answer.
    expect(ends.length).toBeGreaterThanOrEqual(1);
  }
  const used = [...story.results.values()].filter((text) => text !== "nothing");
  expect(new Set(used).size).toBe(used.length);
  for (const [text, { id, by, task, call }] of story.delivered) {
    const isUsed = used.includes(text);
    const trust = story.ordinary.get(text);
    const isOrdinary = trust !== undefined;
    expect(isUsed && isOrdinary, text).toBe(false);
    const asked = call === 1 ? ["peer"] : ["steward", "root"];
    if (isUsed) expect(asked.includes(by) && text.startsWith("reply"), text).toBe(true);
    // Root was made to say it: whatever came between, it is nobody's task.
    if (by === "steward") expect(isOrdinary, text).toBe(false);
    // Only what root says of itself is verified; a mark of somebody else gives nothing.
    if (isOrdinary) expect(trust, text).toBe(by === "root" ? "verified" : "unverified");
    if (trust === "verified") seen.verified += 1;
    const told = story.response(id);
    expect(told, text).not.toBeNull();
    if (isUsed) seen.used += 1;
    else if (isOrdinary) seen.ordinary += 1;
    else if (told?.startsWith("Nothing waited for this answer of the steward")) {
      expect(by, text).toBe("steward");
      seen.unmatched += 1;
    } else {
      // Taken for a task that was stopped before it could use it.
      expect(told, text).toContain("Taken as the answer");
      expect(story.response(taskIds[task - 1] ?? ""), text).toContain("cancelled");
      seen.taken += 1;
    }
  }
}
