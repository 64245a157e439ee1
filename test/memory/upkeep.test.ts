/** What upkeep forgets, merges, removes and embeds, and what it leaves alone. */
import { describe, expect, test } from "vitest";
import { halfLives } from "../../src/memory/decay.ts";
import { lexicalVector } from "../../src/memory/lexical.ts";
import type { Embedder } from "../../src/memory/types.ts";
import { day, draft, found, own, put, trusted, untrusted, world } from "./support/world.ts";

const here = world();
const evidence = { by: "anna", task: null, text: "I looked" };

/** Another model than the usual one, and how many texts it was given at once. */
function other(batches: number[], model = "other/model"): Embedder {
  return {
    model,
    dimensions: 300,
    floor: 0.25,
    embed: async (texts) => {
      batches.push(texts.length);
      return texts.map((text) => {
        const vector = new Float32Array(300);
        vector.set(lexicalVector(text));
        return vector;
      });
    },
  };
}

describe("time", () => {
  test("ends what expired and what faded, softly; verified memories stay", async () => {
    const store = await here.open();
    const expiring = await put(store, { title: "a", expires: here.now + 1 });
    const seen = await put(store, { title: "b", kind: "observation" });
    const checked = await put(store, { title: "c", kind: "observation", expires: here.now + 1 });
    store.verify(own, checked, evidence);
    here.now += 8 * halfLives.observation + 1;
    expect(await store.upkeep()).toMatchObject({ expired: 1, faded: 1, complete: true });
    for (const id of [expiring, seen]) {
      expect(store.show(own, id)?.memory.deleted).toBe(here.now);
      expect(store.restore(own, id, trusted).outcome).toBe("done");
    }
    expect(store.show(own, checked)?.memory).toMatchObject({ deleted: null, confidence: 0.95 });
  });

  test("use keeps a memory from fading", async () => {
    const store = await here.open();
    const id = await put(store, { kind: "observation" });
    here.now += 8 * halfLives.observation - 1;
    store.used(own, [id]);
    here.now += 2;
    expect(await store.upkeep()).toMatchObject({ faded: 0 });
  });

  test("removes for good what was forgotten a month ago, its words and links with it", async () => {
    const store = await here.open();
    const gone = await put(store, { details: "kangaroo" });
    const stays = await put(store, { text: "something else" });
    store.forget(own, gone, trusted);
    here.now += 30 * day;
    expect(await store.upkeep()).toMatchObject({ purged: 0 });
    here.now += 1;
    expect(await store.upkeep()).toMatchObject({ purged: 1 });
    expect(store.show(own, gone)).toBeNull();
    expect(store.show(own, stays)?.against).toEqual([]);
    expect(await found(store, "kangaroo")).toEqual([]);
    const next = await put(store, { title: "new" });
    expect([gone, stays]).not.toContain(next);
  });
});

test("two that say the same become one, the higher standing", async () => {
  const store = await here.open();
  const old = await put(store, { source: untrusted });
  const seen = await put(store);
  store.restore(own, old, trusted);
  store.used(own, [old]);
  expect(await store.upkeep()).toMatchObject({ merged: 1 });
  expect(store.show(own, old)?.memory.replacedBy).toBe(seen);
  expect(store.show(own, seen)?.memory).toMatchObject({ uses: 1, provenance: "observed" });
  expect(await store.upkeep()).toMatchObject({ merged: 0 });
});

describe("another model", () => {
  test("embeds anew in batches; meanwhile words still find", async () => {
    const before = await here.open();
    const drafts = Array.from({ length: 150 }, (_, at) =>
      draft({ title: `n${at}`, text: `memory number${at} about deployments` }),
    );
    await before.storeAll(drafts);
    before.close();
    const batches: number[] = [];
    const store = await here.open({ embedder: other(batches) });
    const ask = async () => {
      const { hits } = await store.search({ principals: own, text: "number77 deploymnt" });
      return hits[0];
    };
    expect(await ask()).toMatchObject({ memory: { title: "n77" }, scores: { vector: null } });
    batches.length = 0;
    expect(await store.upkeep()).toMatchObject({ embedded: 150, complete: true });
    expect(batches).toEqual([64, 64, 22]);
    expect(await ask()).toMatchObject({ scores: { vector: { rank: expect.any(Number) } } });
    expect(await store.upkeep()).toMatchObject({ embedded: 0 });
  });

  test("goes on where it stopped when its time is over", async () => {
    const before = await here.open();
    const drafts = Array.from({ length: 130 }, (_, at) => draft({ title: `n${at}` }));
    await before.storeAll(drafts);
    const slow = other([]);
    const embed: Embedder["embed"] = (texts) => {
      here.now += 1000;
      return slow.embed(texts);
    };
    const store = await here.open({ embedder: { ...slow, embed } });
    expect(await store.upkeep({ ms: 500 })).toMatchObject({ embedded: 64, complete: false });
    expect(await store.upkeep({ ms: 5000 })).toMatchObject({ embedded: 66, complete: true });
  });

  test("that is away is said, and asked again next time", async () => {
    const broken: Embedder = {
      ...other([]),
      embed: async () => {
        throw new Error("no gateway");
      },
    };
    await put(await here.open({ embedder: broken }));
    const store = await here.open({ embedder: broken });
    expect(await store.upkeep()).toMatchObject({ embedded: 0, withoutVectors: "no gateway" });
    const back = await here.open({ embedder: other([]) });
    expect(await back.upkeep()).toMatchObject({ embedded: 1, withoutVectors: null });
  });

  test("a memory that is forgotten while the model works stays forgotten", async () => {
    const before = await here.open();
    const id = await put(before);
    const slow = other([]);
    const embed: Embedder["embed"] = (texts) => {
      before.forget(own, id, trusted);
      return slow.embed(texts);
    };
    const store = await here.open({ embedder: { ...slow, embed } });
    await store.upkeep();
    expect(await found(store, "deploymnt")).toEqual([]);
    expect(store.restore(own, id, trusted)).toEqual({ outcome: "done", id });
  });
});

test("without time nothing is begun", async () => {
  const store = await here.open();
  await put(store, { expires: here.now });
  expect(await store.upkeep({ ms: 0 })).toMatchObject({ expired: 0, complete: false });
});
