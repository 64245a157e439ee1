/** What is found, in which order, and what never is. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fuse, scoresOf } from "../../src/memory/search/fuse.ts";
import { snippetOf } from "../../src/memory/search/snippet.ts";
import type { Embedder } from "../../src/memory/types.ts";
import { day, draft, found, own, put, trusted, untrusted, world } from "./support/world.ts";

const here = world();

describe("any question", () => {
  test("is searched for, never executed", async () => {
    const store = await here.open();
    await put(store);
    const syntax = fc.constantFrom(
      ...['"', "*", "NEAR(", "a AND", "OR", "NOT x", "title:", "^a", "{a b}:c", "a+b", "-a", "("],
      ...["ﷺ", "⑴", "㏂", "½", "\0", "\ud800", "e\u0301", "İ", "ß", "ﬁ", "_", "__a__"],
    );
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc
        .array(fc.oneof(syntax, fc.string({ maxLength: 5 })), { maxLength: 20 })
        .map((parts) => parts.join(" ")),
    );
    await fc.assert(
      fc.asyncProperty(text, async (asked) => {
        const { hits } = await store.search({ principals: own, text: asked });
        expect(hits.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 400 },
    );
  });

  test("finds the text it was taken from, in any script", async () => {
    const store = await here.open();
    let count = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }),
        async (text) => {
          fc.pre(/[\p{L}\p{N}]/u.test(text));
          count += 1;
          const id = await put(store, { title: `n${count}`, category: `c${count}`, text });
          expect(await found(store, text, { categories: [`c${count}`] })).toContain(id);
        },
      ),
      { numRuns: 80 },
    );
  });
});

describe("words and vectors", () => {
  test.each([
    ["猫", "黒い猫がいる"],
    ["天気", "東京の天気は晴れです"],
    ["reply", "the bug is in parseHTTPReply2"],
    ["retry count", "see max_retry_count"],
    ["open.ts", "look at src/memory/open.ts"],
    ["🔑", "the 🔑 lies under the mat"],
    ["شلام", "شلام"],
    ["resume", "the résumé"],
    ["паролей", "пароли владельца"],
    ["deploymnt", "deployments are frozen"],
  ])("%j finds %j and not the others", async (question, text) => {
    const store = await here.open();
    await put(store, { title: "zebra", text: "zebras love sunshine" });
    const id = await put(store, { title: "the one", text });
    expect(await found(store, question)).toEqual([id]);
  });

  test("each result says why it is there", async () => {
    const store = await here.open();
    await put(store);
    const { hits, withoutVectors } = await store.search({
      principals: own,
      text: "tuesday deployments",
    });
    expect(withoutVectors).toBeNull();
    expect(hits[0]?.scores).toMatchObject({
      words: { rank: 1, bm25: expect.any(Number) },
      vector: { rank: 1, cosine: expect.any(Number) },
      confidence: 0.9,
      freshness: 1,
    });
    expect(hits[0]?.scores.total).toBeCloseTo(0.6 + 0.3 * 0.9 + 0.1);
  });

  test("an embedder that fails leaves the words, and says so", async () => {
    const broken: Embedder = {
      model: "x/y",
      dimensions: 4,
      floor: 0.1,
      embed: async () => {
        throw new Error("the gateway is away");
      },
    };
    const store = await here.open({ embedder: broken });
    const stored = await store.store(draft());
    expect(stored).toMatchObject({ outcome: "stored", withoutVector: "the gateway is away" });
    const answer = await store.search({ principals: own, text: "tuesday" });
    expect(answer.withoutVectors).toBe("the gateway is away");
    expect(answer.hits).toHaveLength(1);
  });

  test("a vector of another size is no vector", async () => {
    const embed = async () => [new Float32Array([1, 2])];
    const store = await here.open({ embedder: { model: "x", dimensions: 3, floor: 0, embed } });
    expect(await store.store(draft())).toMatchObject({
      withoutVector: "a vector of 2 numbers, not 3",
    });
  });

  test("whoever gives up waiting for the embedder gets that, and nothing is stored", async () => {
    const store = await here.open();
    const embedder = {
      model: "slow",
      dimensions: 3,
      floor: 0,
      embed: async (_: readonly string[], signal?: AbortSignal) => {
        signal?.throwIfAborted();
        return [];
      },
    };
    const slow = await here.open({ embedder });
    await expect(slow.store(draft(), AbortSignal.abort())).rejects.toThrow("aborted");
    expect(store.categories(own)).toEqual([]);
  });
});

describe("never found", () => {
  test("what belongs to others, is expired, or with nobody named", async () => {
    const store = await here.open();
    await put(store, { principal: "a-two" });
    const id = await put(store, { expires: here.now + 1000 });
    expect(await found(store, "tuesday")).toEqual([id]);
    expect(await found(store, "tuesday", { principals: [] })).toEqual([]);
    expect(await found(store, "tuesday", { principals: ["a-one", "a-two"] })).toHaveLength(2);
    here.now += 1000;
    expect(await found(store, "tuesday")).toEqual([]);
  });

  test("what a filter leaves out", async () => {
    const store = await here.open();
    const fact = await put(store, { title: "a", category: "One Thing" });
    here.now += day;
    const told = await put(store, { title: "b", kind: "decision", source: untrusted });
    expect(await found(store, "tuesday", { kinds: ["decision"] })).toEqual([told]);
    expect(await found(store, "tuesday", { categories: ["one  thing"] })).toEqual([fact]);
    expect(await found(store, "tuesday", { provenances: ["observed"] })).toEqual([fact]);
    expect(await found(store, "tuesday", { since: here.now })).toEqual([told]);
    expect(await found(store, "tuesday", { until: here.now - 1 })).toEqual([fact]);
    expect(await found(store, "tuesday", { kinds: [] })).toEqual([]);
  });
});

test("among many, a filter for many and a word that is everywhere still find the right one", async () => {
  const store = await here.open();
  const kinds = ["fact", "observation"] as const;
  await store.storeAll(
    Array.from({ length: 9000 }, (_, at) =>
      draft({ title: `n${at}`, text: `common word number${at}`, kind: kinds[at % 2] ?? "fact" }),
    ),
  );
  const only = async (text: string, filter: object) => {
    const { hits } = await store.search({ principals: own, text, ...filter });
    return hits[0]?.memory.title;
  };
  expect(await only("number4711", {})).toBe("n4711");
  expect(await only("common number4711", { kinds: ["observation"] })).toBe("n4711");
  expect(await only("common", { kinds: ["fact"] })).toBeDefined();
});

describe("order", () => {
  test("what two ways find comes before what one finds", () => {
    const fused = fuse(
      [
        { id: 1, bm25: 9 },
        { id: 2, bm25: 8 },
      ],
      [{ id: 2, cosine: 0.5 }],
    );
    const relevance = new Map(fused.map((one) => [one.id, one.relevance]));
    expect(relevance.get(2)).toBeGreaterThan(relevance.get(1) ?? 1);
    expect(fuse([{ id: 1, bm25: 1 }], [{ id: 1, cosine: 1 }])[0]?.relevance).toBeCloseTo(1);
  });

  test("of two that fit equally, the trusted one is first", async () => {
    const store = await here.open();
    const told = await put(store, { title: "a", source: untrusted });
    const seen = await put(store, { title: "b" });
    expect(await found(store, "tuesday")).toEqual([seen, told]);
  });

  test("age weighs less than fitting", () => {
    const old = {
      kind: "fact",
      provenance: "observed",
      confidence: 0.9,
      updated: 0,
      lastUsed: null,
    } as const;
    const both = { id: 1, relevance: 1, words: null, vector: null };
    const one = { ...both, relevance: 0.5 };
    const later = 1000 * day;
    expect(scoresOf(both, old, later).total).toBeGreaterThan(
      scoresOf(one, { ...old, updated: later }, later).total,
    );
  });
});

describe("snippets", () => {
  test("show the asked words, in whole words, within their width", () => {
    const text = `${"filler words ".repeat(100)}the needle is here ${"more filler ".repeat(100)}`;
    const snippet = snippetOf(text, "needle");
    expect(snippet).toContain("needle");
    expect(snippet).toMatch(/^… \w/);
    expect(snippet).toMatch(/\w …$/);
    expect(snippet.length).toBeLessThan(250);
  });

  test("of any text are well-formed and short", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 2000 }), fc.string(), (text, asked) => {
        const snippet = snippetOf(text.toWellFormed(), asked);
        expect(snippet.isWellFormed()).toBe(true);
        expect(snippet.length).toBeLessThan(250);
      }),
    );
  });
});

test("forgetting by one who may not leaves it to be found", async () => {
  const store = await here.open();
  const id = await put(store);
  expect(store.forget(own, id, untrusted)).toMatchObject({ outcome: "refused" });
  expect(await found(store, "tuesday")).toEqual([id]);
  expect(store.forget(own, id, trusted)).toMatchObject({ outcome: "done" });
});
