/** Whoever writes to the disk stands in the table; and each row is cut, here at some calls, in `make proof` at all. */

import { deepStrictEqual } from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { replaceDurably } from "../../src/system/durable.ts";
import { chain, journal } from "./rows/journals.ts";
import { life } from "./rows/mail.ts";
import { remove } from "./rows/single.ts";
import { CutDisk } from "./support/cut-disk.ts";
import { cutEverywhere, cutPair, type Story } from "./support/matrix.ts";
import { inWords, ways } from "./support/ways.ts";
import { others, rows } from "./table.ts";

const root = join(import.meta.dirname, "../..");
const doors =
  /\b(createDurably|replaceDurably|moveDurably|removeDurably|publishTogether|openAppender|openChain|openDailyChain|moveByLink)\b/;

function writers(): string[] {
  const names = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".ts") && !name.startsWith("system/"))
    .filter((name) => doors.test(readFileSync(join(root, "src", name), "utf8")))
    .map((name) => name.replace(/\.ts$/, ""))
    .sort();
}

describe("the table", () => {
  const named = [...rows, ...others].flatMap(({ sources }) => sources);

  it("has a row for every source file that uses a durable door", () => {
    expect(writers().filter((name) => !named.includes(name))).toEqual([]);
  });

  it("names only what is there", () => {
    const paths = [
      ...named.map((name) => `src/${name}.ts`),
      ...others.map(({ test }) => `test/${test}.test.ts`),
    ];
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

describe.each(rows)("$operation", (row) => {
  it.each(row.ways.map((way) => ({ way, name: inWords(way) })))("$name", async ({ way }) => {
    const { cuts } = await cutEverywhere(row.story, way, "few");
    expect(cuts).toBeGreaterThan(0);
  });
});

/** Found by the full matrix, and mended. */
it.each([
  ["a claim that was killed before its name was on disk", life("decided"), 91, 40],
  ["a journal that was made and whose name was not on disk", journal, 2, 1000],
  ["a chain that was made and whose name was not on disk", chain, 2, 1000],
  ["a file that was taken away, and not for good", remove, 2, 1000],
] as const)("killed, then power lost: %s", async (_, story, at, then) => {
  await cutPair(story, at, then);
});

/** A file written without any sync, and one replaced under its own name: the matrix must say so. */
describe("what is not durable is found", () => {
  const story =
    (act: (disk: CutDisk) => void): Story =>
    () => {
      const disk = new CutDisk(["/d"]);
      replaceDurably(disk.disk(), "/d/a", Buffer.from("old"), 0o600);
      let done = false;
      return {
        arm: (way, at) => disk.arm(way, at),
        restart: () => disk.restart(),
        act: () => {
          act(disk);
          done = true;
        },
        recover: () => undefined,
        check: () =>
          deepStrictEqual(
            ["new", ...(done ? [] : ["old"])].includes(disk.text("/d/a") ?? ""),
            true,
          ),
        count: () => ({ changes: disk.calls, ops: disk.ops }),
      };
    };
  const write = (disk: CutDisk, path: string, sync: boolean): void => {
    const io = disk.disk();
    const fd = io.open(path, 0o1101, 0o600);
    io.write(fd, Buffer.from("new"), 0);
    if (sync) io.sync(fd);
    io.close(fd);
  };
  const forgetful = story((disk) => {
    write(disk, "/d/b", false);
    disk.disk().rename("/d/b", "/d/a");
    disk.disk().sync(disk.disk().open("/d", 0));
  });
  const inPlace = story((disk) => write(disk, "/d/a", true));

  it.each([
    ["data that was never synced", forgetful, "power lost, left: nothing"],
    ["a file that is written in place", inPlace, "killed"],
  ])("%s", async (_, found, name) => {
    const way = ways.find((one) => inWords(one) === name);
    if (way === undefined) throw new Error(name);
    await expect(cutEverywhere(found, way)).rejects.toThrow();
  });
});
