/** Trust over any sequence of what senders, tasks, people and time can do to one file. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { confidenceAt } from "../../src/memory/decay.ts";
import type { MemoryStore } from "../../src/memory/memory.ts";
import { confidenceCap } from "../../src/memory/rules.ts";
import { type Memory, provenances, type Source } from "../../src/memory/types.ts";
import { day, draft, own, trusted, untrusted, world } from "./support/world.ts";

const here = world();

const source = fc.constantFrom<Source>(trusted, untrusted, { ...untrusted, from: "eve" });
/** One of those there are, by its place. */
const id = fc.nat({ max: 20 });
const storing = fc.record({
  act: fc.constant("store" as const),
  source,
  provenance: fc.constantFrom(...provenances),
  confidence: fc.double({ min: 0, max: 1, noNaN: true }),
  title: fc.constantFrom("a", "b"),
  text: fc.constantFrom("yes", "no", "perhaps"),
  replaces: fc.array(id, { maxLength: 2 }),
});
const step = fc.oneof(
  { arbitrary: storing, weight: 4 },
  fc.record({ act: fc.constant("forget" as const), id, source }),
  fc.record({ act: fc.constant("restore" as const), id, source }),
  fc.record({
    act: fc.constant("verify" as const),
    id,
    by: fc.constantFrom("person" as const, "verified" as const, "unverified" as const),
    replaces: fc.array(id, { maxLength: 1 }),
  }),
  fc.record({ act: fc.constant("use" as const), id }),
  fc.record({ act: fc.constant("upkeep" as const), days: fc.nat({ max: 400 }) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Who is behind a step; time is nobody's doing. */
function actorOf(one: Step): "trusted" | "untrusted" | "time" {
  if (one.act === "upkeep" || one.act === "use") return "time";
  if (one.act === "verify") return one.by === "unverified" ? "untrusted" : "trusted";
  return one.source.trust === "verified" ? "trusted" : "untrusted";
}

async function perform(store: MemoryStore, one: Step, ids: readonly string[]): Promise<void> {
  const named = (place: number): string => ids[place % Math.max(1, ids.length)] ?? "m1";
  if (one.act === "store") {
    const { act, replaces, ...changed } = one;
    await store.store(draft({ ...changed, replaces: ids.length === 0 ? [] : replaces.map(named) }));
  } else if (one.act === "forget") store.forget(own, named(one.id), one.source);
  else if (one.act === "restore") store.restore(own, named(one.id), one.source);
  else if (one.act === "use") store.used(own, [named(one.id)]);
  else if (one.act === "upkeep") {
    here.now += one.days * day;
    await store.upkeep();
  } else {
    const { by } = one;
    const task = by === "person" ? null : { id: "task-9", trust: by, call: "call-9" };
    const how = { replaces: one.replaces.map(named) };
    store.verify(own, named(one.id), { by: "x", task, text: "seen" }, how);
  }
}

const all = (store: MemoryStore): Memory[] =>
  Array.from({ length: 42 }, (_, at) => store.show(own, `m${at}`)?.memory).filter(
    (memory) => memory !== undefined,
  );

const isTrusted = ({ provenance, source: { trust } }: Memory): boolean =>
  provenance === "verified" || trust === "verified";
const isLive = ({ deleted, replacedBy }: Memory): boolean =>
  deleted === null && replacedBy === null;

function compare(before: Memory, after: Memory, one: Step): void {
  const actor = actorOf(one);
  expect([after.title, after.text, after.source]).toEqual([
    before.title,
    before.text,
    before.source,
  ]);
  if (actor !== "trusted") {
    expect(after.provenance).toBe(before.provenance);
    expect(after.confidence).toBe(before.confidence);
  }
  if (actor === "untrusted" && isTrusted(before)) expect(after).toEqual(before);
  if (actor === "time" && before.provenance === "verified")
    expect(after.deleted).toBe(before.deleted);
  if (before.provenance === "verified") expect(after.provenance).toBe("verified");
}

test("nothing untrusted rises by itself or moves what is trusted; nothing verified fades", async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (taken) => {
      count += 1;
      const store = await here.open({ path: `${here.path}-${count}` });
      let before = all(store);
      for (const one of taken) {
        await perform(
          store,
          one,
          before.map((memory) => memory.id),
        );
        const after = all(store);
        for (const memory of after) {
          const { provenance, confidence, source: from } = memory;
          expect(confidence).toBeLessThanOrEqual(confidenceCap(provenance, from.trust));
          if (from.trust === "unverified") expect(provenance).not.toBe("observed");
          if (provenance === "verified") expect(confidenceAt(memory, here.now)).toBe(confidence);
          const was = before.find((other) => other.id === memory.id);
          if (was !== undefined) compare(was, memory, one);
          else expect(memory.provenance).not.toBe("verified");
        }
        before = after;
      }
      expect(before.filter(isLive).length).toBeLessThanOrEqual(taken.length);
      store.close();
    }),
    { numRuns: 50 },
  );
});
