/** Packages for forged tools as the steward sees them: listed ones only, asked of the installer once, gone again. */
import fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ForgePart } from "../../src/config/types.ts";
import { type Requester, refusal } from "../../src/steward/policy.ts";
import { installLayer } from "../../src/steward/verbs/install-layer.ts";
import { removeLayer } from "../../src/steward/verbs/remove-layer.ts";
import type { StewardWorld } from "../../src/steward/world.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { digestAt } from "../../src/system/layers/digest.ts";
import type { LayerOrder } from "../../src/system/layers/order.ts";
import { readFailure, readLayer } from "../../src/system/layers/record.ts";
import { archiveOf, readerOf } from "../host/layers/support.ts";
import { Crash, mortal } from "./mortal.ts";
import { makePlaces, makeWorld, newMachine } from "./support.ts";

const name = { language: "node", package: "a==1" } as const;
const entry = { ...name, integrity: null, layer: null, provides: ["a"] };
const root = { uid: 0, name: "root", kind: "root" } as const;
const asked = { id: "r1", approved: null, perform: async () => Promise.reject(new Error()) };
const request = { version: 1, why: "", incident: null, ...name } as const;

function scene(forge: ForgePart | null, trouble: string | null = null) {
  const places = makePlaces();
  const directory = join(places.configuration, "../layers");
  fs.mkdirSync(directory);
  const orders: LayerOrder[] = [];
  let now = Date.parse("2026-01-01");
  const world = {
    ...makeWorld(places, newMachine()),
    now: () => now,
    layers: {
      ...{ directory, digestAt, forge: () => forge, syncTree: async () => undefined },
      removeTree: (path: string) => fs.rmSync(path, { recursive: true, force: true }),
      fetch: async <T>(order: LayerOrder, use: (read: never) => Promise<T>) => {
        orders.push(order);
        if (trouble !== null) return { ok: false, why: trouble } as const;
        const read = readerOf(archiveOf({ "node_modules/a/index.js": "1" }));
        return { ok: true, value: await use(read as never) } as const;
      },
    },
  };
  const install = (by: Requester = root, id = asked.id) =>
    installLayer.act(world, { ...request, verb: "install_layer" }, by, { ...asked, id });
  const remove = (as: StewardWorld = world) =>
    removeLayer.act(as, { ...request, verb: "remove_layer" }, root, asked);
  const pass = (ms: number): void => {
    now += ms;
  };
  return { directory, orders, install, remove, world, pass };
}

const listed = (more: Partial<ForgePart> = {}): ForgePart => ({
  ...{ packages: [entry], registries: { node: "http://h/" } },
  ...more,
});

test("a listed package is fetched once; removed, it comes back from its lock", async () => {
  const { directory, orders, install, remove } = scene(listed());
  const first = await install();
  expect(first).toMatchObject({ status: "done", undo: "con package remove a==1 --language node" });
  expect(await install()).toMatchObject({ status: "done", changes: [] });
  expect(orders).toEqual([
    { version: 1, ...name, integrity: null, registry: "http://h/", lock: null },
  ]);
  const digest = readLayer(nodeDisk, directory, name)?.digest ?? "";
  expect(await remove()).toMatchObject({ status: "done" });
  expect(fs.readdirSync(directory).map((file) => file.replace(/^.*\./, ""))).toEqual(["lock"]);
  expect(await remove()).toMatchObject({ status: "refused" });
  expect(await install()).toMatchObject({ status: "done" });
  expect(orders[1]?.lock).toBe("the lock\n");
  expect(readLayer(nodeDisk, directory, name)?.digest).toBe(digest);
});

test("a removal that was cut off leaves no layer for tools to see, and is done again", async () => {
  const { directory, install, remove, world } = scene(listed());
  await install();
  const digest = readLayer(nodeDisk, directory, name)?.digest ?? "";
  const inUse = () => fs.existsSync(join(directory, digest));
  for (let last = 1; inUse() || readLayer(nodeDisk, directory, name) !== null; last += 1) {
    const { disk } = mortal(last, () => new Crash());
    const dying = { ...world, disk, layers: { ...world.layers, removeTree: () => undefined } };
    const asked = remove(dying).catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error;
    });
    await asked;
    // Without its record nobody could take the layer away any more.
    if (readLayer(nodeDisk, directory, name) === null) expect(inUse()).toBe(false);
    expect(last).toBeLessThan(20);
  }
  await install();
  expect(fs.readdirSync(directory).filter((file) => file.startsWith("."))).toEqual([]);
});

test.each([
  ["nothing is listed", null],
  ["another is listed", listed({ packages: [{ ...entry, package: "a==2" }] })],
  ["it is listed for Python", listed({ packages: [{ ...entry, language: "python" }] })],
])("refused: %s", async (_, forge) => {
  const { directory, orders, install } = scene(forge);
  expect(await install()).toMatchObject({
    status: "refused",
    error: expect.stringContaining("a person adds it") as string,
  });
  expect([orders, fs.readdirSync(directory)]).toEqual([[], []]);
});

test("without packet rules nothing is fetched", async () => {
  const { orders, install } = scene(listed({ closed: "there are no packet rules here" }));
  expect(await install()).toMatchObject({ status: "failed" });
  expect(orders).toEqual([]);
});

test("why it failed is kept for whoever waits, until it works", async () => {
  const broken = scene(listed(), "404");
  expect(await broken.install()).toMatchObject({
    status: "failed",
    error: expect.stringMatching(/404$/) as string,
  });
  const ofAgent = await broken.install({ uid: 20_000, name: "a-x", kind: "agent" });
  expect(ofAgent.error).not.toContain("404");
  expect(readFailure(nodeDisk, broken.directory, name)).toMatchObject({
    request: "r1",
    why: "404",
  });
  expect(readLayer(nodeDisk, broken.directory, name)).toBeNull();
});

test("an agent does not have it tried again and again: the steward stands still meanwhile", async () => {
  const { directory, orders, install, pass } = scene(listed(), "404");
  const agent = { uid: 20_000, name: "a-x", kind: "agent" } as const;
  await install(agent);
  const first = readFailure(nodeDisk, directory, name);
  pass(60_000);
  expect(await install(agent, "r2")).toMatchObject({ status: "failed" });
  expect(orders).toHaveLength(1);
  // Whoever waits for the second request is told, and the time does not begin anew.
  expect(readFailure(nodeDisk, directory, name)).toEqual({ ...first, request: "r2" });
  // Done again after a crash.
  expect(await install(agent, "r2")).toMatchObject({ status: "failed" });
  expect(orders).toHaveLength(1);
  await install(root, "r3");
  expect(orders).toHaveLength(2);
  pass(11 * 60_000);
  await install(agent, "r4");
  expect(orders).toHaveLength(3);
});

test("who may ask: people, and agents that forge; only people remove", () => {
  const agent = { uid: 20_000, name: "a-x", kind: "agent" } as const;
  const other = { uid: 1000, name: "eve", kind: "other" } as const;
  expect(refusal(root, "install_layer")).toBeNull();
  expect(refusal(agent, "install_layer", ["install_layer"])).toBeNull();
  expect(refusal(agent, "install_layer", ["install"])).toContain("no forge_tool");
  expect(refusal(agent, "remove_layer", ["remove_layer"])).not.toBeNull();
  expect(refusal(other, "install_layer")).not.toBeNull();
});
