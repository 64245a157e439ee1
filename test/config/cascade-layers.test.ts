/** Each layer of a cascade by itself: what it becomes, and what is refused. */
import { describe, expect, test } from "vitest";
import {
  brokenCascade,
  cascadeOf,
  cascadeWithPlaces,
  type RawCascade,
} from "../../src/config/cascade.ts";
import type { Agent, Cascade } from "../../src/config/types.ts";
import { nothing } from "./support/child.ts";

const models = ["fast", "smart", "expert"];
const docs = "/srv/con/artifacts/handbook";
const able: Pick<Agent, "model" | "can"> = {
  model: "smart",
  can: { ...nothing, read: ["/srv/con/artifacts"], models: ["fast", "expert"] },
};
const unable: Pick<Agent, "model" | "can"> = { model: "smart", can: nothing };

const of = (raw: RawCascade | undefined, common?: RawCascade, agent = able) =>
  cascadeOf(raw, { common, agent, models });
const off: Cascade = {
  ...{ reflex: false, cache: null, documents: null, route: null },
  ...{ escalate: false, learn: false },
};
const route = { fast: "fast", balanced: "smart", strong: "expert" };

describe("an agent's layers", () => {
  test.each<[string, RawCascade, Partial<Cascade>]>([
    ["reflexes alone", { reflex: true }, { reflex: true }],
    ["lessons alone", { learn: true }, { learn: true }],
    [
      "the same text again, for an hour",
      { cache: { exact: true, semantic: false } },
      { cache: { exact: true, semantic: null, ttlSeconds: 3600, max: 200 } },
    ],
    [
      "the same text again, where of like ones nothing is said",
      { cache: { exact: true } },
      { cache: { exact: true, semantic: null, ttlSeconds: 3600, max: 200 } },
    ],
    [
      "a like text again, for as long and as many as it says",
      { cache: { semantic: 0.9, ttl: "10min", max: 5 } },
      { cache: { exact: false, semantic: 0.9, ttlSeconds: 600, max: 5 } },
    ],
    [
      "documents, each directory once and in order",
      { documents: { paths: [`${docs}/b`, `${docs}/a/**`, `${docs}/a`], answer: 0.7 } },
      { documents: { paths: [`${docs}/a`, `${docs}/b`], answer: 0.7, augment: 0.6 } },
    ],
    ["a route, with no second try that nobody named", { route }, { route }],
    ["a route with a second try", { route, escalate: true }, { route, escalate: true }],
  ])("%s", (_, raw, cascade) => {
    expect(of(raw)).toEqual({ cascade: { ...off, ...cascade }, broken: [] });
  });

  test("no second try where the better model is the same one", () => {
    const flat = { ...route, balanced: "fast" };
    expect(of({ route: flat, escalate: true }).cascade?.escalate).toBe(false);
  });

  test.each<[string, RawCascade]>([
    ["nothing is named", {}],
    ["a cache remembers nothing", { cache: { exact: false, semantic: false } }],
    ["all is switched off", { cache: false, documents: false, route: false, escalate: false }],
    ["a route has its own model only", { route: { ...route, fast: "smart", strong: "smart" } }],
  ])("there are none where %s", (_, raw) => {
    expect(of(raw)).toEqual({ cascade: null, broken: [] });
  });

  test("there are none where con.yaml names only what is not granted", () => {
    const common = { documents: { paths: [docs] }, route: { ...route, balanced: "expert" } };
    expect(of(undefined, common, unable)).toEqual({ cascade: null, broken: [] });
  });

  test("a manifest switches off what con.yaml has for all", () => {
    const common = { cache: { exact: true }, documents: { paths: [docs] }, route };
    expect(of(undefined, common).cascade).toMatchObject({ route, documents: { paths: [docs] } });
    expect(of({ cache: false, documents: false, route: false }, common).cascade).toBeNull();
  });

  test("what it may write it may read, and only below what is granted", () => {
    const agent = { model: "smart", can: { ...nothing, write: [`${docs}/a`] } };
    const paths = [docs, `${docs}/a`, `${docs}/a/b`, `${docs}/ab`, `/x${docs}/a/`];
    const found = of(undefined, { documents: { paths } }, agent);
    expect(found.cascade?.documents?.paths).toEqual([`${docs}/a`, `${docs}/a/b`]);
    expect(found.broken).toEqual([]);
  });
});

describe("a manifest is refused", () => {
  const key = (...path: (string | number)[]) => ["cascade", ...path];

  test("with what it does not grant", () => {
    expect(of({ documents: { paths: [docs] }, route }, undefined, unable).broken).toEqual([
      {
        path: key("documents", "paths", 0),
        why: `${docs} is not in can.read`,
        remedy: "add it to can.read",
      },
      {
        path: key("route", "fast"),
        why: "fast is neither its own model nor in can.models",
        remedy: "add it to can.models",
      },
      {
        path: key("route", "strong"),
        why: "expert is neither its own model nor in can.models",
        remedy: "add it to can.models",
      },
    ]);
  });

  test("with a directory or an alias that there cannot be, once", () => {
    const paths = [docs, "/etc"];
    const raw = { documents: { paths }, route: { ...route, strong: "none" } };
    expect(of(raw).broken).toEqual([
      {
        path: key("documents", "paths", 1),
        why: "/etc is not below /srv/con/artifacts or /srv/con/logs",
        remedy: "expected a directory like /srv/con/artifacts/handbook/**",
      },
      {
        path: key("route", "strong"),
        why: "there is no model alias none",
        remedy: "the aliases of con.yaml are: fast, smart, expert",
      },
    ]);
  });

  test.each<[string, RawCascade]>([
    ["no route", { escalate: true }],
    ["a route that is switched off", { escalate: true, route: false }],
  ])("with a second try and %s", (_, raw) => {
    expect(of(raw, { reflex: true }).broken).toEqual([
      {
        path: key("escalate"),
        why: "there is no route, so there is no better model",
        remedy: "add route: {fast, balanced, strong}",
      },
    ]);
    expect(of({ escalate: true }, { route }).broken).toEqual([]);
  });
});

test("con.yaml is refused with what nobody could follow", () => {
  const raw: RawCascade = {
    cache: { exact: true, ttl: "25h" },
    documents: { paths: [docs], answer: 0.5, augment: 0.6 },
  };
  expect(brokenCascade(raw, models)).toEqual([
    {
      path: ["cascade", "cache", "ttl"],
      why: "25h is more than a day",
      remedy: "expected a time like 10min or 1h, at most 24h",
    },
    {
      path: ["cascade", "documents"],
      why: "augment 0.6 is above answer 0.5",
      remedy: "the score for an answer must be the higher one",
    },
  ]);
  const same = { documents: { paths: [docs], answer: 0.6 }, cache: { ttl: "24h" } };
  expect(brokenCascade(same, models)).toEqual([]);
  expect(brokenCascade(undefined, models)).toEqual([]);
});

test("another place takes the documents along, and nothing else", () => {
  const move = (path: string): string => `/dev${path}`;
  const documents = { paths: ["/a", "/b"], answer: 1, augment: 0 };
  const cascade: Cascade = { ...off, reflex: true, documents };
  expect(cascadeWithPlaces({ cascade }, move)).toEqual({
    cascade: { ...cascade, documents: { ...documents, paths: ["/dev/a", "/dev/b"] } },
  });
  const without = { ...off, reflex: true };
  expect(cascadeWithPlaces({ cascade: without }, move)).toEqual({ cascade: without });
  expect(cascadeWithPlaces({}, move)).toEqual({});
});
