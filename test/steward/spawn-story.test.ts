/** Whatever children do, whoever is cut off and whenever the steward dies: against a small model of what is to come. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { newId } from "../../src/task/id.ts";
import { Crash, mortal } from "./mortal.ts";
import {
  ask,
  ended,
  failed,
  hourMs,
  mailOf,
  makeVillage,
  nameOf,
  order,
  serveAs,
  spawnsIn,
  wish,
} from "./village.ts";

const width = 3;
const id = newId(Date.now(), () => Uint8Array.from({ length: 10 }, () => 9));

const event = fc.oneof(
  fc.record({
    kind: fc.constantFrom("done" as const, "failed" as const, "lost" as const),
    place: fc.nat(width - 1),
  }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: hourMs / 2 }) }),
  fc.record({ kind: fc.constant("crash" as const), step: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ kind: fc.constant("look" as const) }),
);

/** Of one place: what its attempts ended with, in order. */
type Model = { attempt: number; status: string | null };

const settle = (model: Model, how: "done" | "failed" | "lost", isLate: boolean): void => {
  if (model.status !== null) return;
  if (how === "done") model.status = "done";
  else if (model.attempt === 2 || isLate) model.status = "failed";
  else model.attempt = 2;
};

test("ends as the model says, with one child for each attempt and one task for each child", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 25 }), async (events) => {
      const village = makeVillage();
      const models: Model[] = Array.from({ length: width }, () => ({ attempt: 1, status: null }));
      const deadline = village.now + hourMs;
      ask(
        village,
        wish(
          village,
          models.map(() => order()),
        ),
        id,
      );
      const deaths: number[] = [];
      const wake = async (): Promise<void> => {
        for (let step = deaths.pop(); step !== undefined; step = deaths.pop())
          await serveAs(
            village,
            "boss",
            mortal(step, () => new Crash()),
          ).catch((error) => {
            if (!(error instanceof Crash)) throw error;
          });
        await serveAs(village);
      };
      await wake();
      for (const one of events) {
        if (one.kind === "wait") village.pass(one.ms);
        else if (one.kind === "crash") {
          // Of the next look.
          deaths.push(one.step);
          continue;
        } else if (one.kind !== "look") {
          const model = models[one.place] as Model;
          const name = nameOf(id, one.place, model.attempt);
          if (model.status !== null || !village.started.has(name)) continue;
          const left = { done: ended(), failed: failed(), lost: { kind: "lost" } as const };
          village.left.set(name, left[one.kind]);
          settle(model, one.kind, village.now >= deadline);
        }
        await wake();
        // All places are settled then.
        if (village.now >= deadline) break;
      }
      village.now = Math.max(village.now, deadline);
      await wake();
      for (const model of models) model.status ??= "timeout";
      const told = mailOf(village).join("");
      models.forEach(({ attempt, status }, at) => {
        const how = attempt === 2 ? " at the second attempt" : "";
        expect(told).toContain(
          `child ${at + 1}, scout (${nameOf(id, at, attempt)}): ${status}${how}\n`,
        );
      });
      expect([village.users.size, spawnsIn(village), mailOf(village).length]).toEqual([0, [], 1]);
      expect(new Set(village.made).size).toBe(village.made.length);
      expect([...village.tasks.values()].every((tasks) => tasks.size === 1)).toBe(true);
    }),
    { numRuns: 40 },
  );
});
