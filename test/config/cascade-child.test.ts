/** The layers of a temporary agent: those of its parent and its role, with what it may read and ask itself. */
import { expect, test } from "vitest";
import { childCascade } from "../../src/config/cascade.ts";
import type { Agent, Cascade, ChildLayer } from "../../src/config/types.ts";
import { nothing } from "./support/child.ts";

const docs = "/srv/con/artifacts/handbook";
const able: Pick<Agent, "model" | "can"> = {
  model: "smart",
  can: { ...nothing, read: ["/srv/con/artifacts"], models: ["fast", "expert"] },
};
const unable: Pick<Agent, "model" | "can"> = { model: "smart", can: nothing };
const off: Cascade = {
  ...{ reflex: false, cache: null, documents: null, route: null },
  ...{ escalate: false, learn: false },
};
const route = { fast: "fast", balanced: "smart", strong: "expert" };

const parent: Cascade = {
  reflex: true,
  cache: { exact: true, semantic: null, ttlSeconds: 60, max: 9 },
  documents: { paths: [`${docs}/a`, `${docs}/b`], answer: 0.9, augment: 0.5 },
  ...{ route, escalate: true, learn: true },
};
const { documents } = parent;
const child = (layers?: readonly ChildLayer[], agent = able, from: Cascade = parent) =>
  childCascade(from, layers, agent).cascade;

test("a temporary agent has its parent's layers, but remembers and learns nothing", () => {
  expect(child()).toEqual({ ...parent, cache: null, learn: false });
});

test.each<[ChildLayer[], Partial<Cascade>]>([
  [["reflex"], { reflex: true }],
  [["documents"], { documents }],
  [["route"], { route }],
  [["route", "escalate"], { route, escalate: true }],
])("a temporary agent has of its role %j only", (layers, cascade) => {
  expect(child(layers)).toEqual({ ...off, ...cascade });
});

test("a temporary agent has no second try without a route of its own", () => {
  expect(child(["escalate"])).toBeUndefined();
  const flat = { ...parent, route: { ...route, balanced: "fast" } };
  expect(child(["route", "escalate"], able, flat)?.escalate).toBe(false);
  expect(child(["escalate", "route"], able, { ...parent, escalate: false })?.escalate).toBe(false);
});

test("a temporary agent reads and asks only what it may itself", () => {
  const agent = { model: "fast", can: { ...nothing, read: [`${docs}/b`], models: ["expert"] } };
  const found = child(undefined, agent);
  expect(found?.documents).toEqual({ ...documents, paths: [`${docs}/b`] });
  expect(found?.route).toEqual({ fast: "fast", balanced: "fast", strong: "expert" });
  expect(child(["documents", "route"], unable)).toBeUndefined();
});

test("a temporary agent has none where its parent has none", () => {
  expect(childCascade(undefined, undefined, able)).toEqual({});
  expect(child(undefined, able, off)).toBeUndefined();
  expect(child(["documents"], able, { ...parent, documents: null })).toBeUndefined();
  expect(child(["route"], able, { ...parent, route: null })).toBeUndefined();
});
