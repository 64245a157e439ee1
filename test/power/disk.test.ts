/** The disk of the power cuts: what a drive with a volatile cache may keep, and what it must. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { blockSize, type CachedDisk, openCachedDisk } from "./disk.ts";

let directory: string;
let path: string;
let disk: CachedDisk;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "con-power-"));
  path = join(directory, "disk");
  writeFileSync(path, Buffer.alloc(8 * blockSize, "-"));
  disk = openCachedDisk(path);
});
afterEach(() => {
  disk.close();
  rmSync(directory, { recursive: true });
});

const block = (sign: string): Buffer => Buffer.alloc(blockSize, sign);
const sign = (at: number): string => disk.read(at * blockSize, 1).toString();

test("what was written is read back, whole and in parts, across blocks", () => {
  disk.write(blockSize - 2, Buffer.from("abcd"));
  expect(disk.read(blockSize - 3, 6).toString()).toBe("-abcd-");
  disk.flush();
  expect(disk.read(blockSize - 3, 6).toString()).toBe("-abcd-");
});

test("a cut keeps everything that was flushed", () => {
  disk.write(0, block("a"));
  disk.flush();
  disk.write(blockSize, block("b"));
  expect(disk.cut(() => 0)).toEqual({ open: 1, lost: 1 });
  expect([sign(0), sign(1)]).toEqual(["a", "-"]);
});

test("a cut keeps any version since the flush, of each block by itself", () => {
  const answers = [0.5, 0.9, 0.4, 0.9, 0.9, 0.1];
  for (const [at, letters] of ["ab", "cd", "ef"].entries()) {
    for (const letter of letters) disk.write(at * blockSize, block(letter));
  }
  const chance = () => answers.shift() ?? 0;
  // Share 0.5: block 0 is not as written last, and has none of its two; block 1 has the first; block 2 the last.
  expect(disk.cut(() => chance())).toEqual({ open: 3, lost: 2 });
  expect([sign(0), sign(1), sign(2)]).toEqual(["-", "c", "f"]);
});

test("a block is never torn, and after the cut nothing is left in the cache", () => {
  disk.write(0, Buffer.concat([block("a"), block("b")]));
  disk.cut(() => 0.99);
  for (const at of [0, 1]) {
    expect(new Set(disk.read(at * blockSize, blockSize)).size).toBe(1);
  }
  expect(disk.cut(() => 0)).toEqual({ open: 0, lost: 0 });
});
