/** The property, and how much of everything happened while it was looked at. */
import fc from "fast-check";
import { ways } from "../support/ways.ts";
import { type Event, QueueMachine } from "./machine.ts";

const task = fc.integer({ min: 1, max: 6 });
const by = fc.integer({ min: 0, max: 2 });

const of = <K extends string>(kind: K) => fc.constant(kind);

const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      ...{ kind: of("send"), task, by },
      plan: fc.constantFrom("done" as const, "fails" as const, "defers" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: of("flood"), by, count: fc.integer({ min: 5, max: 30 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom("cancel" as const, "retry" as const), task }),
  },
  // Back, too: clocks are set.
  {
    weight: 2,
    arbitrary: fc.record({ kind: of("clock"), minutes: fc.integer({ min: -300, max: 600 }) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: of("session") }) },
  {
    weight: 5,
    arbitrary: fc.record({
      ...{ kind: of("cut"), way: fc.constantFrom(...ways) },
      at: fc.integer({ min: 1, max: 80 }),
    }),
  },
);

export interface Seen {
  sequences: number;
  tasks: number;
  cuts: number;
  readonly ends: Map<string, number>;
}

export async function checkSequences(
  numRuns: number,
  seed: number,
  progress: (sequences: number) => void = () => undefined,
): Promise<Seen> {
  const seen: Seen = { sequences: 0, tasks: 0, cuts: 0, ends: new Map() };
  const property = fc.asyncProperty(
    fc.array(event, { minLength: 4, maxLength: 25 }),
    async (events) => {
      const machine = new QueueMachine();
      for (const one of events) await machine.happen(one);
      await machine.end();
      const trouble = machine.trouble();
      if (trouble !== null) throw new Error(trouble);
      seen.sequences += 1;
      seen.cuts += events.filter(({ kind }) => kind === "cut").length;
      for (const status of [...machine.ends().values()].flat()) {
        seen.tasks += 1;
        seen.ends.set(status, (seen.ends.get(status) ?? 0) + 1);
      }
      if (seen.sequences % 500 === 0) progress(seen.sequences);
    },
  );
  await fc.assert(property, { numRuns, seed });
  return seen;
}
