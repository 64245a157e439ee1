/** Packages for forged tools as the steward sees them: listed ones only, asked of the installer once, gone again. */
import fs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { refusal } from "../../src/steward/policy.ts";
import { nodeDisk } from "../../src/system/disk.ts";
import { exit } from "../../src/system/errors.ts";
import { readFailure, readLayer } from "../../src/system/layers/record.ts";
import { Crash, mortal } from "./mortal.ts";
import { agent, first, listing, named, root, scene, wish } from "./packages.ts";

/** Asked, fetched, answered. */
async function install(
  house: ReturnType<typeof scene>,
  parts: Parameters<typeof house.serve>[0] = {},
) {
  const id = house.ask(wish(first));
  await house.serve(parts);
  house.machine.ended = true;
  await house.serve(parts);
  return house.answer(id);
}

test("a listed package is fetched once; removed, it comes back from its lock", async () => {
  const house = scene(listing(first));
  const { directory, machine } = house;
  expect(await install(house)).toMatchObject({
    status: "done",
    undo: "con package remove a==1 --language node",
  });
  expect(await install(house)).toMatchObject({ status: "done", changes: [] });
  expect(machine.orders).toEqual([
    { version: 1, ...first, integrity: null, registry: "http://h/", lock: null },
  ]);
  const digest = readLayer(nodeDisk, directory, first)?.digest ?? "";
  const gone = house.ask(wish(first, "remove_layer"));
  await house.serve();
  expect(house.answer(gone)).toMatchObject({ status: "done" });
  expect(fs.readdirSync(directory).map((file) => file.replace(/^.*\./, ""))).toEqual(["lock"]);
  const again = house.ask(wish(first, "remove_layer"));
  await house.serve();
  expect(house.answer(again)).toMatchObject({ status: "refused" });
  expect(await install(house)).toMatchObject({ status: "done" });
  expect(machine.orders[1]?.lock).toBe("the lock\n");
  expect(readLayer(nodeDisk, directory, first)?.digest).toBe(digest);
});

test("a removal that was cut off leaves no layer for tools to see, and is done again", async () => {
  const house = scene(listing(first));
  const { directory } = house;
  await install(house);
  const digest = readLayer(nodeDisk, directory, first)?.digest ?? "";
  const inUse = () => fs.existsSync(join(directory, digest));
  house.ask(wish(first, "remove_layer"));
  for (let last = 1; inUse() || readLayer(nodeDisk, directory, first) !== null; last += 1) {
    const { disk, step } = mortal(last, () => new Crash());
    await house.serve({ disk, step }).catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error;
    });
    // Without its record nobody could take the layer away any more.
    if (readLayer(nodeDisk, directory, first) === null) expect(inUse()).toBe(false);
    expect(last).toBeLessThan(60);
  }
  expect(await house.serve()).toBe(exit.ok);
  await install(house);
  expect(fs.readdirSync(directory).filter((file) => file.startsWith("."))).toEqual([]);
});

test.each([
  ["nothing is listed", null],
  ["another is listed", listing(named("a==2"))],
  ["it is listed for Python", listing({ ...first, language: "python" })],
])("refused: %s", async (_, forge) => {
  const house = scene(forge);
  expect(await install(house)).toMatchObject({
    status: "refused",
    error: expect.stringContaining("a person adds it") as string,
  });
  expect([house.machine.orders, fs.readdirSync(house.directory)]).toEqual([[], []]);
});

test("without packet rules nothing is fetched", async () => {
  const house = scene({ ...listing(first), closed: "there are no packet rules here" });
  expect(await install(house)).toMatchObject({ status: "failed" });
  expect(house.machine.orders).toEqual([]);
});

test("why it failed is kept for people, and no word of it reaches an agent", async () => {
  const house = scene(listing(first));
  house.machine.brought = "404";
  const answer = await install(house);
  expect(answer).toMatchObject({
    status: "failed",
    error: expect.stringMatching(/404$/) as string,
  });
  expect(readFailure(nodeDisk, house.directory, first)).toMatchObject({
    requests: [answer?.id],
    why: "404",
  });
  expect(readLayer(nodeDisk, house.directory, first)).toBeNull();
  house.pass(11 * 60_000);
  expect((await install(house, { by: agent }))?.error).toContain("con package list tells");
});

test("an agent does not have it tried again and again", async () => {
  const house = scene(listing(first));
  const { directory, machine } = house;
  machine.brought = "404";
  const one = await install(house, { by: agent });
  const before = readFailure(nodeDisk, directory, first);
  house.pass(60_000);
  const two = await install(house, { by: agent });
  expect(two).toMatchObject({ status: "failed" });
  expect(machine.orders).toHaveLength(1);
  // Whoever waits for the second request is told, and the time does not begin anew.
  expect(readFailure(nodeDisk, directory, first)).toEqual({
    ...before,
    requests: [one?.id, two?.id],
  });
  await install(house, { by: root });
  expect(machine.orders).toHaveLength(2);
  house.pass(11 * 60_000);
  await install(house, { by: agent });
  expect(machine.orders).toHaveLength(3);
});

test("who may ask: people, and agents that forge; only people remove", () => {
  const other = { uid: 1000, name: "eve", kind: "other" } as const;
  expect(refusal(root, "install_layer")).toBeNull();
  expect(refusal(agent, "install_layer", ["install_layer"])).toBeNull();
  expect(refusal(agent, "install_layer", ["install"])).toContain("no forge_tool");
  expect(refusal(agent, "remove_layer", ["remove_layer"])).not.toBeNull();
  expect(refusal(other, "install_layer")).not.toBeNull();
});
