/** One file that is replaced whole, made once, or taken away: what most of con's state is. */
import { deepStrictEqual, ok } from "node:assert/strict";
import { createDurably, removeDurably, replaceDurably } from "../../../src/system/durable.ts";
import { publishTogether, rollForward } from "../../../src/system/publish.ts";
import { CutDisk } from "../support/cut-disk.ts";
import type { Story } from "../support/matrix.ts";

const path = "/d/state.json";
const second = "/d/state.txt";
const old = "old ".repeat(40);
const fresh = "new ".repeat(50);

/** Acknowledged is what returned: then it holds, whatever comes. */
const single =
  (begins: string | null, ends: string | null, act: (disk: CutDisk) => void): Story =>
  () => {
    const disk = new CutDisk(["/d"]);
    if (begins !== null) replaceDurably(disk.disk(), path, Buffer.from(begins), 0o600);
    let acknowledged = false;
    const go = (): void => {
      act(disk);
      acknowledged = true;
    };
    return {
      arm: (way, at) => disk.arm(way, at),
      restart: () => disk.restart(),
      act: go,
      recover: () => {
        const there = disk.text(path);
        const allowed = acknowledged ? [ends] : [begins, ends];
        ok(allowed.includes(there), `there is ${JSON.stringify(there?.slice(0, 20))}`);
        go();
      },
      check: () => deepStrictEqual(disk.text(path), ends),
      count: () => ({ changes: disk.calls, ops: disk.ops }),
    };
  };

const bytes = Buffer.from(fresh);

export const replace = single(old, fresh, (disk) =>
  replaceDurably(disk.disk(), path, bytes, 0o600),
);
export const create = single(null, fresh, (disk) => {
  // As deliver.ts has it: a name that is there may not be on disk yet.
  if (createDurably(disk.disk(), path, bytes, 0o600) === "exists")
    replaceDurably(disk.disk(), path, bytes, 0o600);
});
export const remove = single(old, null, (disk) => removeDurably(disk.disk(), path));

export const together: Story = () => {
  const disk = new CutDisk(["/d"]);
  const paths = [path, second];
  const publish = (): void => {
    rollForward(disk.disk(), "/d", paths);
    if (disk.text(second) !== null) return;
    const files = paths.map((one) => ({ path: one, bytes }));
    publishTogether(disk.disk(), "/d", files, 0o640);
  };
  return {
    arm: (way, at) => disk.arm(way, at),
    restart: () => disk.restart(),
    act: publish,
    recover: () => {
      for (const text of paths.map((one) => disk.text(one)))
        ok(text === null || text === fresh, `half a file: ${JSON.stringify(text)}`);
      publish();
    },
    check: () => {
      deepStrictEqual(disk.names("/d"), ["state.json", "state.txt"]);
      deepStrictEqual([disk.text(path), disk.text(second)], [fresh, fresh]);
    },
    count: () => ({ changes: disk.calls, ops: disk.ops }),
  };
};
