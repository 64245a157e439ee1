/** Packages that are being fetched: others are served meanwhile, all are answered, whatever is cut off. */
import fs from "node:fs";
import { expect, test } from "vitest";
import { advanceLayers } from "../../src/steward/layers/advance.ts";
import { serve } from "../../src/steward/serve.ts";
import type { StewardWorld } from "../../src/steward/world.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { exit } from "../../src/system/errors.ts";
import { layerKey } from "../../src/system/layers/names.ts";
import { readFailure, readLayer } from "../../src/system/layers/record.ts";
import { Crash, mortal, quickDisk } from "./mortal.ts";
import { agent, first, listing, named, type Parts, scene, whole, wish } from "./packages.ts";
import { halt } from "./support.ts";

const second = named("b==1");

test("while it is fetched others are served; the end of the installer answers", async () => {
  const house = scene(listing(first));
  const id = house.ask(wish(first));
  expect(await house.serve()).toBe(exit.ok);
  expect(house.machine.begun).toBe(layerKey(first));
  const stop = house.ask(halt("agents"));
  expect(await house.serve()).toBe(exit.ok);
  expect([house.answer(stop)?.status, house.answer(id)]).toEqual(["done", undefined]);
  house.machine.ended = true;
  expect(await house.serve()).toBe(exit.ok);
  expect(house.answer(id)).toMatchObject({ status: "done", verb: "install_layer" });
  expect([house.machine.orders.length, house.waiting()]).toEqual([1, 0]);
});

test("who stops something comes before what was brought is looked at", async () => {
  const house = scene(listing(first));
  house.ask(wish(first));
  await house.serve();
  house.machine.ended = true;
  house.ask(halt("agents"));
  const { world } = house;
  const order: string[] = [];
  const { layers, ...rest } = world();
  const base = rest.host;
  const seen = {
    ...rest,
    host: { ...base, stop: async () => void order.push("stop") },
    layers: { ...layers, syncTree: async () => void order.push("lay down") },
  } as StewardWorld;
  await serve(seen);
  expect(order).toEqual(["stop", "lay down"]);
});

test("who asks for what is being fetched waits for the same, and all are answered", async () => {
  const house = scene(listing(first));
  const ids = [house.ask(wish(first)), house.ask(wish(first))];
  await house.serve({ by: agent });
  ids.push(house.ask(wish(first)));
  await house.serve({ by: agent });
  house.machine.brought = "404";
  house.machine.ended = true;
  await house.serve({ by: agent });
  expect(ids.map((id) => house.answer(id)?.status)).toEqual(["failed", "failed", "failed"]);
  expect(readFailure(nodeDisk, house.directory, first)?.requests).toEqual(ids);
  expect(house.machine.orders).toHaveLength(1);
});

test("nobody piles up requests for what is being fetched", async () => {
  const house = scene(listing(first));
  const ids = Array.from({ length: 21 }, () => house.ask(wish(first)));
  await house.serve({ by: agent });
  expect(house.answer(ids[20] ?? "")).toMatchObject({ status: "refused" });
  expect(house.answers()).toEqual(["refused"]);
});

test("of several one is fetched at a time, in the order in which they were asked for", async () => {
  const all = ["z==1", "b==1", "a==1", "y==1"].map(named);
  const house = scene(listing(...all));
  house.machine.brought = "404";
  for (const one of all) house.ask(wish(one));
  await house.serve();
  for (let count = 1; count <= all.length; count += 1) {
    expect(house.machine.orders.map((order) => order.package)).toEqual(
      all.slice(0, count).map((one) => one.package),
    );
    expect(house.waiting()).toBe(all.length + 1 - count);
    house.machine.ended = true;
    await house.serve();
  }
  expect(house.answers()).toEqual(all.map(() => "failed"));
});

test("what people do not list any more is not laid down, and the next has its turn", async () => {
  const house = scene(listing(first, second));
  const ids = [house.ask(wish(first)), house.ask(wish(second))];
  await house.serve();
  house.relist(listing(second));
  await house.serve();
  expect(house.answer(ids[0] ?? "")).toMatchObject({ status: "refused" });
  expect(house.machine.begun).toBe(layerKey(second));
  expect(readLayer(nodeDisk, house.directory, first)).toBeNull();
});

test("what was fetched before a power cut is fetched again", async () => {
  const house = scene(listing(first));
  const id = house.ask(wish(first));
  await house.serve();
  Object.assign(house.machine, { begun: null, ended: true });
  await house.serve();
  expect([house.machine.orders.length, house.answer(id)]).toEqual([2, undefined]);
  house.machine.ended = true;
  await house.serve();
  expect(house.answer(id)).toMatchObject({ status: "done" });
});

test("an agent that was retired meanwhile is not told, nor who has its uid now", async () => {
  const tell = async (later: Parts) => {
    const house = scene(listing(first));
    const id = house.ask(wish(first));
    await house.serve({ by: agent });
    house.machine.ended = true;
    await house.serve(later);
    expect(house.answer(id)).toMatchObject({ status: "done", by: { name: "desk" } });
    return house.told;
  };
  expect(await tell({ by: agent })).toEqual(["desk"]);
  expect(await tell({ by: { ...agent, name: "another" } })).toEqual([]);
});

test("a disk that is full while it is laid down fails it, and what filled it goes", async () => {
  const house = scene(listing(first));
  const id = house.ask(wish(first));
  await house.serve();
  house.machine.ended = true;
  const full = Object.assign(new Error("ENOSPC: no room"), { code: "ENOSPC" });
  const disk = {
    ...quickDisk,
    setMode: (fd: number, mode: number) => {
      if (mode === 0o444) throw full;
      quickDisk.setMode(fd, mode);
    },
  };
  expect(await house.serve({ disk })).toBe(exit.ok);
  expect(house.answer(id)).toMatchObject({
    status: "failed",
    error: expect.stringContaining("ENOSPC") as string,
  });
  expect(fs.readdirSync(house.directory).filter((name) => name.startsWith("."))).toEqual([]);
});

test("what the steward dies of again and again has failed", async () => {
  const house = scene(listing(first, second));
  const ids = [house.ask(wish(first)), house.ask(wish(second))];
  await house.serve();
  house.machine.ended = true;
  for (let death = 0; death < 3; death += 1) {
    const { layers, ...rest } = house.world();
    const installer = { ...layers.installer, take: () => new Promise<never>(() => undefined) };
    const dying = { ...rest, layers: { ...layers, installer } } as unknown as StewardWorld;
    void advanceLayers(dying);
    // All that comes before is done by now: it waits for what never comes.
    await new Promise(setImmediate);
  }
  await house.serve();
  expect(house.answer(ids[0] ?? "")).toMatchObject({
    status: "failed",
    error: expect.stringContaining("cut off 3 times") as string,
  });
  expect(house.machine.begun).toBe(layerKey(second));
});

const stories = [
  ["it is laid down", whole],
  ["it fails", "404"],
] as const;

/** Both asked for; the installer ends whenever it is at work and the steward is not. */
async function story(brought: Buffer | string, last: number) {
  const house = scene(listing(first, second));
  house.machine.brought = brought;
  for (const one of [first, first, second]) house.ask(wish(one));
  const { disk, step, steps } = mortal(last, () => new Crash());
  let died = false;
  for (
    let round = 0;
    round < 12 && (house.answers().length < 3 || house.waiting() > 0);
    round += 1
  ) {
    const parts: Parts = died ? {} : { disk, step };
    const code: number = await house.serve(parts).catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error;
      return exit.tryLater;
    });
    died ||= code === exit.tryLater;
    house.machine.ended = house.machine.begun !== null;
  }
  const of = (name: typeof first) => readLayer(nodeDisk, house.directory, name)?.digest;
  return {
    died,
    steps: steps(),
    orders: house.machine.orders.length,
    end: {
      answers: house.answers().sort(),
      laid: [of(first), of(second)],
      waiting: house.waiting(),
      left: fs.readdirSync(house.directory).filter((name) => name.startsWith(".new-")),
    },
  };
}

test.each(stories)("%s: killed at every step, all are answered once", async (_, brought) => {
  const unbroken = await story(brought, Number.POSITIVE_INFINITY);
  expect(unbroken).toMatchObject({ died: false, orders: 2 });
  expect(unbroken.end).toMatchObject({ waiting: 0, left: [] });
  expect(unbroken.end.answers).toHaveLength(3);
  for (let last = 1; last <= unbroken.steps; last += 1) {
    const cut = await story(brought, last);
    expect([last, cut.died, cut.end]).toEqual([last, true, unbroken.end]);
    expect([last, cut.orders <= 3]).toEqual([last, true]);
  }
});
