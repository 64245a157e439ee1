/** How much strangers may have remembered: whoever floods loses its own, and nothing that is trusted ever goes. */
import { expect, test } from "vitest";
import type { MemoryStore } from "../../src/memory/memory.ts";
import type { Source } from "../../src/memory/types.ts";
import { draft, idOf, own, put, trusted, world } from "./support/world.ts";

const here = world();
const bounds = { perSender: 5, all: 12 };

const told = (from: string): Source => ({ task: "t", from, trust: "unverified", call: "1" });

async function tell(
  store: MemoryStore,
  principal: string,
  from: string,
  title: string,
): Promise<string> {
  here.now += 1;
  const text = `${from} says ${title}`;
  const one = draft({ principal, title, text, provenance: "asserted", source: told(from) });
  return idOf(await store.store(one));
}

const isLive = (store: MemoryStore, principal: string, id: string): boolean =>
  store.show([principal], id)?.memory.deleted === null;

test("a flood takes the least used and oldest of its own sender, softly, and nobody else's", async () => {
  const store = await here.open({ bounds });
  const mine = await put(store, { source: trusted });
  const other = await tell(store, "uid-8", "bob", "bob's");
  const flood: string[] = [];
  for (let count = 0; count < 5; count += 1)
    flood.push(await tell(store, "uid-9", "mallory", `n${count}`));
  store.used(["uid-9"], [flood[0] ?? ""]);
  const late = await tell(store, "uid-9", "mallory", "late");
  // The oldest was used; the next one goes.
  const live = [...flood, late].map((id) => isLive(store, "uid-9", id));
  expect(live).toEqual([true, false, true, true, true, true]);
  expect(store.restore(["uid-9"], flood[1] ?? "", trusted).outcome).toBe("done");
  for (let count = 0; count < 40; count += 1) await tell(store, "uid-9", "mallory", `m${count}`);
  expect(isLive(store, "uid-8", other)).toBe(true);
  expect(isLive(store, own[0] ?? "", mine)).toBe(true);
});

test("what was verified never goes, and does not count", async () => {
  const store = await here.open({ bounds });
  const first = await tell(store, "uid-9", "mallory", "first");
  store.verify(["uid-9"], first, { by: "anna", task: null, text: "I looked" });
  const ids: string[] = [];
  for (let count = 0; count < 5; count += 1)
    ids.push(await tell(store, "uid-9", "mallory", `n${count}`));
  expect(ids.every((id) => isLive(store, "uid-9", id))).toBe(true);
  await tell(store, "uid-9", "mallory", "one more");
  expect(isLive(store, "uid-9", first)).toBe(true);
  expect(isLive(store, "uid-9", ids[0] ?? "")).toBe(false);
});

test("one who tells more than may stay keeps the latest of it", async () => {
  const store = await here.open({ bounds });
  const drafts = Array.from({ length: 9 }, (_, at) =>
    draft({ principal: "uid-9", title: `n${at}`, text: `${at}`, source: told("mallory") }),
  );
  const ids = (await store.storeAll(drafts)).map(idOf);
  expect(ids.map((id) => isLive(store, "uid-9", id)).filter(Boolean)).toHaveLength(5);
});

test.each([
  ["files that were moved", (at: number) => `moved-${at}`],
  ["senders that one uid says it asks for", (at: number) => `uid-9-for-${at}`],
])("of all together, those of %s are one", async (_, principal) => {
  const store = await here.open({ bounds });
  const honest: string[] = [];
  for (let count = 0; count < 4; count += 1)
    honest.push(await tell(store, "uid-8", "bob", `b${count}`));
  const flood: string[] = [];
  for (let count = 0; count < 40; count += 1)
    flood.push(await tell(store, principal(count), "mallory", `n${count}`));
  expect(honest.every((id) => isLive(store, "uid-8", id))).toBe(true);
  const left = flood.filter((id, at) => isLive(store, principal(at), id));
  expect(left.length).toBeLessThanOrEqual(8);
  // The latest of it stays.
  expect(left).toContain(flood.at(-1));
});

test("upkeep goes on with what was too much before there was a bound, and bounds what is forgotten", async () => {
  const before = await here.open({ bounds: { perSender: 1000, all: 1000 } });
  for (let count = 0; count < 30; count += 1) await tell(before, "uid-9", "mallory", `n${count}`);
  before.close();
  const store = await here.open({ bounds });
  expect(await store.upkeep()).toMatchObject({ bounded: 25, purged: 20 });
  expect(store.categories(["uid-9"])).toMatchObject([{ count: 5 }]);
  expect(await store.upkeep()).toMatchObject({ bounded: 0, purged: 0 });
});
