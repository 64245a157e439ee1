/** Laying down: cut off at every step it leaves a whole layer or none; what does not fit leaves nothing. */
import fs from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { layerTroubles } from "../../../src/host/layers/check.ts";
import { type LayerWorld, layDown, type Wanted } from "../../../src/host/layers/lay.ts";
import { type Disk, nodeDisk } from "../../../src/system/disk.ts";
import { digestAt } from "../../../src/system/layers/digest.ts";
import { readLayer } from "../../../src/system/layers/record.ts";
import { quickDirectory } from "../../support/quick-directory.ts";
import { archiveOf, readerOf } from "./support.ts";

class Crash extends Error {}

const files = { "node_modules/a/index.js": "text", "node_modules/a/b/c.js": "more" };
const wanted: Wanted = { language: "node", package: "a==1", integrity: null, layer: null };

/** Dies before its n-th act, and stays dead. */
function makeWorld(crashAt = Number.POSITIVE_INFINITY, directory = folder()) {
  let acts = 0;
  const act = <T>(does: () => T): T => {
    acts += 1;
    if (acts >= crashAt) throw new Crash();
    return does();
  };
  const disk: Disk = {
    ...nodeDisk,
    open: (...args) => act(() => nodeDisk.open(...args)),
    write: (...args) => act(() => nodeDisk.write(...args)),
    setMode: (...args) => act(() => nodeDisk.setMode(...args)),
    sync: (...args) => act(() => nodeDisk.sync(...args)),
    rename: (...args) => act(() => nodeDisk.rename(...args)),
    unlink: (...args) => act(() => nodeDisk.unlink(...args)),
    makeDirectory: (...args) => act(() => nodeDisk.makeDirectory(...args)),
  };
  const world: LayerWorld = {
    ...{ disk, directory, now: () => 0, digestAt },
    removeTree: (path) => act(() => fs.rmSync(path, { recursive: true, force: true })),
    syncTree: async () => act(() => undefined),
  };
  return { world, directory, acts: () => acts };
}

function folder(): string {
  const path = fs.mkdtempSync(join(quickDirectory(), "con-layers-"));
  onTestFinished(() => fs.rmSync(path, { recursive: true, force: true }));
  return path;
}

const lay = (world: LayerWorld, more: Partial<Wanted> = {}, of: Record<string, string> = files) =>
  layDown(world, { ...wanted, ...more }, readerOf(archiveOf(of)));

test("a layer is read-only, has its record and its lock, and laid down again is the same", async () => {
  const { world, directory } = makeWorld();
  const laid = await lay(world);
  if (!laid.ok) throw new Error(laid.why);
  const { digest } = laid.record;
  expect(digestAt(join(directory, digest))).toMatchObject({ ok: true, digest, files: 2, bytes: 8 });
  const file = fs.statSync(join(directory, digest, "node_modules/a/index.js"));
  expect(file.mode & 0o777).toBe(0o444);
  expect(readLayer(nodeDisk, directory, wanted)).toEqual(laid.record);
  const names = fs.readdirSync(directory).sort();
  expect(names.length).toBe(3);
  expect(await lay(world)).toEqual(laid);
  expect(fs.readdirSync(directory).sort()).toEqual(names);
});

test("cut off at every act: the whole layer or none, and the next time all of it", async () => {
  const clean = makeWorld();
  await lay(clean.world);
  expect(clean.acts()).toBeGreaterThan(20);
  for (let at = 1; at <= clean.acts(); at += 1) {
    const { world, directory } = makeWorld(at);
    await expect(lay(world)).rejects.toThrow(Crash);
    const record = readLayer(nodeDisk, directory, wanted);
    if (record !== null)
      expect(digestAt(join(directory, record.digest))).toMatchObject({ digest: record.digest });
    expect(layerTroubles(nodeDisk, directory, digestAt)).toEqual([]);
    expect(await lay(makeWorld(undefined, directory).world)).toMatchObject({ ok: true });
    expect(fs.readdirSync(directory).filter((name) => name.startsWith(".new-"))).toEqual([]);
  }
});

test.each([
  ["another digest of the archive", { integrity: "sha512-y" }, files, "con.yaml says sha512-y"],
  ["another layer", { layer: "0".repeat(64) }, files, `con.yaml says ${"0".repeat(64)}`],
  ["another package", { package: "b==1" }, files, "does not hold b==1"],
  [
    "a file as a folder",
    {},
    { "node_modules/a": "", "node_modules/a/b": "" },
    "lies below another",
  ],
])("refused, and nothing is left: %s", async (_, more, of, why) => {
  const { world, directory } = makeWorld();
  expect(await lay(world, more, of)).toEqual({ ok: false, why: expect.stringContaining(why) });
  expect(fs.readdirSync(directory)).toEqual([]);
});

test("a link that lies in the way is not followed", async () => {
  const { world, directory } = makeWorld();
  const outside = folder();
  const part = join(directory, ".new-x");
  fs.symlinkSync(outside, part);
  fs.writeFileSync(join(outside, "kept"), "");
  expect(await lay(world)).toMatchObject({ ok: true });
  expect(fs.readdirSync(outside)).toEqual(["kept"]);
});

test("what was changed, added, linked or lost is told, and laid down again", async () => {
  const { world, directory } = makeWorld();
  const laid = await lay(world);
  if (!laid.ok) throw new Error(laid.why);
  const place = join(directory, laid.record.digest);
  const whys = () => layerTroubles(nodeDisk, directory, digestAt).map(({ why }) => why);
  const harms = [
    () => fs.rmSync(join(place, "node_modules/a/index.js")),
    () => fs.writeFileSync(join(place, "node_modules/new"), ""),
    () => fs.symlinkSync("/etc/passwd", join(place, "node_modules/link")),
    () => fs.rmSync(place, { recursive: true }),
  ];
  for (const harm of harms) {
    expect(whys()).toEqual([]);
    harm();
    expect(whys()).toHaveLength(1);
    expect(await lay(world)).toEqual(laid);
  }
});
