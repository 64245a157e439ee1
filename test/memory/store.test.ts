/** What is stored, what is refused, what is linked, and what comes back byte by byte. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limits } from "../../src/memory/types.ts";
import { draft, found, idOf, own, put, trusted, untrusted, world } from "./support/world.ts";

const here = world();

describe("texts", () => {
  const texts = {
    emoji: "👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🔑",
    "right to left": "السلام عليكم ‮abc‬ שלום",
    Cyrillic: "Политика паролей",
    "64 KiB of details": "ж".repeat(limits.details / 2),
    quotes: `'"; DROP TABLE memories; --\r\n\t`,
  };
  test.each(Object.entries(texts))("%s come back as they were", async (_, details) => {
    const store = await here.open();
    const text = details.slice(0, 1000);
    const id = await put(store, { title: text.slice(0, 100), text, details });
    const whole = store.show(own, id);
    expect(whole?.details).toBe(details);
    expect(whole?.memory.text).toBe(text);
  });

  test("any text survives a new opening", async () => {
    const store = await here.open();
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "binary", minLength: 1, maxLength: 300 }),
        async (text) => {
          const stored = await store.store(draft({ title: "any", text }));
          if (stored.outcome === "refused") expect(text.trim()).toBe("");
          else
            expect(store.show(own, stored.id)?.memory.text).toBe(text.replaceAll("\0", "\ufffd"));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("NUL and lone surrogates do not cut a text short", async () => {
    const store = await here.open();
    const id = await put(store, { text: "before\0after \ud800 end" });
    expect(store.show(own, id)?.memory.text).toBe("before\ufffdafter \ufffd end");
    expect(await found(store, "end")).toEqual([id]);
  });

  test.each([
    ["title", { title: "x".repeat(limits.title + 1) }],
    ["text", { text: "ж".repeat(limits.text / 2 + 1) }],
    ["details", { details: "x".repeat(limits.details + 1) }],
    ["text", { text: " \n" }],
    ["confidence", { confidence: 1.1 }],
    ["confidence", { confidence: Number.NaN }],
    ["kind", { kind: "rumour" as "fact" }],
    ["no memory m77", { replaces: ["m77"] }],
    ["no memory 1 OR 1=1", { contradicts: ["1 OR 1=1"] }],
    ["principal", { principal: "" }],
  ])("a wrong %s is refused and named, and nothing is written", async (name, changed) => {
    const store = await here.open();
    const stored = await store.store(draft(changed));
    expect(stored).toMatchObject({ outcome: "refused", why: expect.stringContaining(name) });
    expect(store.categories(own)).toEqual([]);
  });
});

describe("the same again", () => {
  test("is stored once", async () => {
    const store = await here.open();
    const id = await put(store);
    here.now += 1000;
    expect(await store.store(draft())).toMatchObject({ outcome: "known", id });
    expect(store.show(own, id)?.memory.updated).toBe(here.now);
  });

  test("from an unverified source neither lowers nor refreshes what is there", async () => {
    const store = await here.open();
    const id = await put(store);
    const before = store.show(own, id);
    here.now += 1000;
    expect(await store.store(draft({ source: untrusted }))).toMatchObject({ outcome: "known", id });
    expect(store.show(own, id)).toEqual(before);
  });

  test("from a verified source takes the place of an unverified one", async () => {
    const store = await here.open();
    const old = await put(store, { source: untrusted });
    const stored = await store.store(draft());
    expect(stored).toMatchObject({ outcome: "stored", replaced: [old], contradicts: [] });
    expect(store.show(own, old)?.memory.replacedBy).toBe(idOf(stored));
    expect(await found(store, "tuesday")).toEqual([idOf(stored)]);
  });

  test("of another principal is another memory", async () => {
    const store = await here.open();
    await put(store);
    expect(await store.store(draft({ principal: "a-two" }))).toMatchObject({ outcome: "stored" });
  });
});

describe("contradictions", () => {
  test("are kept both, linked both ways and shown together", async () => {
    const store = await here.open();
    const one = await put(store);
    const other = await store.store(draft({ title: "deploy  WINDOW", text: "Never on Tuesday." }));
    expect(other).toMatchObject({ outcome: "stored", contradicts: [one], replaced: [] });
    const { hits } = await store.search({ principals: own, text: "tuesday" });
    expect(hits.map(({ contradicts }) => contradicts.map(({ id }) => id)).sort()).toEqual(
      [[one], [idOf(other)]].sort(),
    );
    expect(store.show(own, one)?.against.map(({ id }) => id)).toEqual([idOf(other)]);
  });

  test("replace on request, where the new one stands as high", async () => {
    const store = await here.open();
    const old = await put(store);
    const stored = await store.store(draft({ text: "On Friday.", replaces: [old] }));
    expect(stored).toMatchObject({ replaced: [old], contradicts: [] });
    expect(await found(store, "deploy")).toEqual([idOf(stored)]);
  });

  test("an unverified replacement stands beside the old one", async () => {
    const store = await here.open();
    const old = await put(store);
    const stored = await store.store(
      draft({ text: "Whenever Mallory says.", replaces: [old], source: untrusted }),
    );
    expect(stored).toMatchObject({ replaced: [], contradicts: [old] });
    expect(store.show(own, old)?.memory.replacedBy).toBeNull();
  });

  test("of others' memories cannot be named", async () => {
    const store = await here.open();
    const id = await put(store, { principal: "a-two" });
    expect(await store.store(draft({ replaces: [id] }))).toMatchObject({ outcome: "refused" });
    expect(store.show(["a-two"], id)?.memory.replacedBy).toBeNull();
  });

  test("titles in other scripts and signs are different titles", async () => {
    const store = await here.open();
    const titles = ["Пароли", "Ключи", "🔑", "🗝️", "密码"];
    const stored = await store.storeAll(
      titles.map((title) => draft({ title, text: `about ${title}` })),
    );
    expect(stored.map((one) => one.outcome !== "refused" && one.contradicts)).toEqual(
      titles.map(() => []),
    );
  });
});

test("many are stored together, each with its own answer", async () => {
  const store = await here.open();
  const stored = await store.storeAll([
    draft(),
    draft({ text: "" }),
    draft(),
    draft({ title: "b" }),
  ]);
  expect(stored.map(({ outcome }) => outcome)).toEqual(["stored", "refused", "known", "stored"]);
});

describe("changes", () => {
  test("what is forgotten is not found, and comes back whole", async () => {
    const store = await here.open();
    const id = await put(store, { details: "kangaroo" });
    expect(store.forget(own, id, trusted)).toEqual({ outcome: "done", id });
    expect(await found(store, "kangaroo tuesday deploy")).toEqual([]);
    expect(store.show(own, id)?.memory.deleted).toBe(here.now);
    expect(store.restore(own, id, untrusted)).toMatchObject({ outcome: "refused" });
    expect(store.restore(own, id, trusted)).toEqual({ outcome: "done", id });
    expect(await found(store, "kangaroo")).toEqual([id]);
    const { hits } = await store.search({ principals: own, text: "deploymnt tuesdy" });
    expect(hits[0]?.scores.vector).not.toBeNull();
  });

  test("a replaced one that is restored stands beside its successor", async () => {
    const store = await here.open();
    const old = await put(store);
    const next = await put(store, { text: "On Friday.", replaces: [old] });
    store.restore(own, old, trusted);
    expect(store.show(own, old)?.against.map(({ id }) => id)).toEqual([next]);
  });

  test("verified by a person: raised, kept from ending, with its evidence", async () => {
    const store = await here.open();
    const id = await put(store, { source: untrusted, expires: here.now + 10 });
    const evidence = { by: "anna", task: null, text: "I asked the owner" };
    expect(store.verify(own, id, evidence)).toEqual({ outcome: "done", id });
    const whole = store.show(own, id);
    expect(whole?.memory).toMatchObject({
      provenance: "verified",
      confidence: 0.95,
      expires: null,
    });
    expect(whole?.checks).toEqual([
      { at: here.now, by: "anna", task: null, call: null, text: "I asked the owner" },
    ]);
  });

  test("verifying one settles those it is named to replace", async () => {
    const store = await here.open();
    const wrong = await put(store);
    const right = await put(store, { text: "On Friday." });
    const evidence = { by: "anna", task: null, text: "I looked" };
    store.verify(own, right, evidence, { replaces: [wrong] });
    expect(store.show(own, wrong)?.memory.replacedBy).toBe(right);
    expect(store.verify(own, wrong, evidence)).toMatchObject({ outcome: "refused" });
  });

  test("others' memories are missing, whatever is asked", async () => {
    const store = await here.open();
    const id = await put(store, { principal: "a-two" });
    const evidence = { by: "anna", task: null, text: "x" };
    for (const changed of [
      store.forget(own, id, trusted),
      store.restore(own, id, trusted),
      store.verify(own, id, evidence),
    ])
      expect(changed.outcome).toBe("missing");
    store.used(own, [id]);
    expect(store.show(["a-two"], id)?.memory.uses).toBe(0);
    expect(store.show(own, id)).toBeNull();
  });

  test("use is counted and makes fresh, searching is not and does not", async () => {
    const store = await here.open();
    const id = await put(store);
    here.now += 5000;
    await found(store, "deploy");
    expect(store.show(own, id)?.memory).toMatchObject({ uses: 0, lastUsed: null });
    store.used(own, [id, id, "m9", "nonsense"]);
    expect(store.show(own, id)?.memory).toMatchObject({ uses: 1, lastUsed: here.now });
  });
});
