/** Layers of what a program declares: there, asked for, failed, or waited for as people are. */
import { expect, test } from "vitest";
import type { LayerDesk } from "../../../src/tools/forge/desk.ts";
import { layersOf } from "../../../src/tools/forge/layers.ts";
import type { ForgePackage } from "../../../src/tools/forge/types.ts";

const entry: ForgePackage = {
  ...{ package: "a==1", language: "node" as const, integrity: null, layer: null },
  provides: ["a"],
};
const digest = "a".repeat(64);

function scene(desk: Partial<LayerDesk>, more: { signal?: AbortSignal; hours?: number } = {}) {
  const requests: object[] = [];
  let at = 0;
  const context = {
    callId: "1-1",
    signal: more.signal ?? new AbortController().signal,
    now: () => {
      at += (more.hours ?? 0) * 3_600_000;
      return at;
    },
    steward: async (request: object) => {
      requests.push(request);
      return { ok: true, id: "r1" } as const;
    },
  };
  const whole = { find: () => null, hasFailed: () => false, asksPeople: () => false, ...desk };
  return { requests, got: layersOf([entry, entry], whole, context) };
}

test("what is there is not asked for, and stands once", async () => {
  const { requests, got } = scene({ find: () => digest });
  expect(await got).toEqual({ kind: "layers", layers: [digest] });
  expect(requests).toEqual([]);
});

test("what is missing is asked of the steward and used when it is there", async () => {
  let looks = 0;
  const { requests, got } = scene({ find: () => (++looks > 2 ? digest : null) });
  expect(await got).toEqual({ kind: "layers", layers: [digest] });
  expect(requests).toEqual([
    expect.objectContaining({ verb: "install_layer", language: "node", package: "a==1" }),
  ]);
});

test("what cannot be installed is told; of another request nothing is", async () => {
  const hasFailed: LayerDesk["hasFailed"] = (_, request) => request === "r1";
  expect(await scene({ hasFailed }).got).toEqual({
    kind: "unrun",
    why: "a==1 could not be installed: con package list tells people why",
  });
});

test.each([
  ["people are asked first", { asksPeople: () => true }, {}],
  ["it takes too long", {}, { hours: 1 }],
])("the call waits: %s", async (_, desk, more) => {
  expect(await scene(desk, more).got).toMatchObject({
    kind: "held",
    result: { hold: { waitFor: ["r1"] } },
  });
});

test("a task that was stopped waits no more", async () => {
  expect(await scene({}, { signal: AbortSignal.abort() }).got).toMatchObject({ kind: "unrun" });
});
